data { input t: class(9); target y: class(2) }
net { t | embed(4, from = "nowhere.safetensors") | dense(outputs) }
loss cross_entropy
train { adam }
