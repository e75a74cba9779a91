# independent faults are all found
data { input x: [4]; target y: class(3) }
net {
  a = x | dens(8)
  b = x | dense(8, bais = true)
  a + b | relu | dense(outputs)
}
loss cross_entropy
train { adamm; epochs -3; watch acuracy }
