# two_heads.dsl - several targets, an own loss      # embedded.dsl: `data { input x: [28, 28, 1]; target y: class(10) }`, fed from Python
loss pinball(prediction, target, q = 0.9) = max(q * (target - prediction), (q - 1) * (target - prediction))
data { csv "energy.csv"; target heating, cooling; scale zscore; scale target zscore }
net  { trunk = inputs | dense(64) | gelu
       predict heating = trunk | dense(1)
       predict cooling = trunk | dense(1) }
loss huber(heating) + 0.5 * pinball(cooling, q = 0.9)
