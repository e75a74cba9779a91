# 2^40 calls from forty lines
data { input x: [4]; target y: class(3) }
layer a0(x) = x
layer a1(x) = x | a0 | a0
layer a2(x) = x | a1 | a1
layer a3(x) = x | a2 | a2
layer a4(x) = x | a3 | a3
layer a5(x) = x | a4 | a4
layer a6(x) = x | a5 | a5
layer a7(x) = x | a6 | a6
layer a8(x) = x | a7 | a7
layer a9(x) = x | a8 | a8
layer a10(x) = x | a9 | a9
layer a11(x) = x | a10 | a10
layer a12(x) = x | a11 | a11
layer a13(x) = x | a12 | a12
layer a14(x) = x | a13 | a13
layer a15(x) = x | a14 | a14
layer a16(x) = x | a15 | a15
layer a17(x) = x | a16 | a16
layer a18(x) = x | a17 | a17
layer a19(x) = x | a18 | a18
layer a20(x) = x | a19 | a19
layer a21(x) = x | a20 | a20
layer a22(x) = x | a21 | a21
layer a23(x) = x | a22 | a22
layer a24(x) = x | a23 | a23
layer a25(x) = x | a24 | a24
layer a26(x) = x | a25 | a25
layer a27(x) = x | a26 | a26
layer a28(x) = x | a27 | a27
layer a29(x) = x | a28 | a28
layer a30(x) = x | a29 | a29
layer a31(x) = x | a30 | a30
layer a32(x) = x | a31 | a31
layer a33(x) = x | a32 | a32
layer a34(x) = x | a33 | a33
layer a35(x) = x | a34 | a34
layer a36(x) = x | a35 | a35
layer a37(x) = x | a36 | a36
layer a38(x) = x | a37 | a37
layer a39(x) = x | a38 | a38
layer a40(x) = x | a39 | a39
net { x | a40 | dense(outputs) }
loss cross_entropy
train { adam }
