# task: classes
net { inputs | dense(1) }
