# faults stand where they are; a used file sees nothing of this one
data { input x: [4]; target y }
use "used/wrong.dsl"
let rate = 3
net {
  a = x | narrow(rate)
  b = x | rated
  a + b | dense(1)
}
loss squared_error
train { adam }
