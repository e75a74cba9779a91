# an objective that depends on no weight of its group
data { input x: [3] }
net { a = x | dense(2); b = x | dense(2) }
loss left = mean(a^2)
loss right = mean(b^2)
train { minimize left over b with adam; minimize right over a with adam }
