loss 64*binary_cross_entropy(image)-0.5*sum(1+log_var-mu ^ 2-exp(log_var))
layer signs(x) = - x ^ - 2 ^ n+a- -b//2-c @ d*1/4
layer reads(x: [ .. , c ]) = a [0]+b[ .. ,3]+c[1 .. 4 , i : rows]+val . loss
layer words(x)=if a<=b and not c==d or e!=f then (1) else -inf
layer stages(x) = x|repeat depth(dense(8)|relu)|repeat 3 block( 8 )|load "base.dslm" until flatten|( dense(3) )
data {
  only age,lab_*,*_id,`my  col`,a*b
  missing marks - 999,-1; missing constant 0 of x with flag; column `a b`=`a b`*b + 20%
  downsample label=="no"  to 1 / 4; test last 1 day; split 70/30; scale minmax - 1..1 of age,lab_*
  column body : words top 20_000 length 200
  input y :class( 10 )
}
metric f ( prediction,target:class(2) )higher=mean( k over examples )
train { adam(1e-5,beta1=0.9)on body,head }
