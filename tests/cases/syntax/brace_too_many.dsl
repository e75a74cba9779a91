net { inputs | dense(3) }}
loss huber
