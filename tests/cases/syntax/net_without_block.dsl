net
loss huber
