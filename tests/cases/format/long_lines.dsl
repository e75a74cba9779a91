layer block(x, channels) = x | conv(channels, 3x3, stride = 2) | batchnorm | relu | conv(channels, 3x3) | batchnorm | relu | dropout(30%)
layer named(x: [.., fan_in], first_parameter = 1, second_parameter = 2, third_parameter = 3, fourth_parameter = 4) { weight w: [fan_in] = 0; x * w }
loss smoothed(prediction: [classes], target: class(classes), share = 5%) { link softmax; logsumexp(prediction) - (1 - share) * prediction[target] - share * sum(prediction) / classes }
layer conv(x: [h, w, c], filters) {
  y[i: rows, j: cols, f] = sum((x[i * stride + u - top, j * stride + v - left, channel] or 0) * kernel[u, v, channel, f] over u, v, channel)
  a = (first_long_operand * second_long_operand + third_long_operand * fourth_long_operand - fifth_long_operand * sixth_one)
  b = (first * second
      + third * fourth)
  c = concat(
    a, b,
      gate(
    y))
  y | dense(first_long_operand) | dense(second_long_operand) | dense(third_long_operand) | dense(fourth_long_operand)   # stays
}
let unbreakable = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa + bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb + cccccccccccccccccccc
train { watch accuracy; stop when val.accuracy stalls 8 epochs; keep best val.accuracy; batch 32; epochs 100; seed 1; clip norm 1 }
