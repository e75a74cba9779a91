data  { csv "data/births.csv"; column date=date(year,month,date_of_month); target births
        window 28 of births, day_of_week; split 80 / 10 / 10 in time date; scale zscore; scale target zscore }
net   { window|gru(32)|last|dense(1) }


loss  huber
train {
  rmsprop( 1e-3 ) ; clip norm 1
  stop when val.loss stalls 10 epochs;keep best


  batch 64;
}
data { npz "x.npz" { image : [8,8,1]=x; digit=y };reconstruct image; augment { shift 1; zoom 0.9 .. 1.1 ; blur 0..0.5; rotate - 10..10; flip horizontal } }
layer f(x) {
    hs=scan x, mask over time reverse { state h:[units]=0; h<-tanh(x@w+h@u); final h }
    rs = scan x over time { state h = 0
      h <- h+x; h }
}
layer empty(x){}
data {
}
train{adam};net{x}
