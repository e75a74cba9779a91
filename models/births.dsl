# Expect: the births of a day in the United States from those of the four weeks before it; a mean absolute error on the
# last years of about 350, where the same weekday a week ago errs by 474. The earliest days train, the latest test.
data {
  csv "data/births.csv"
  column date = date(year, month, date_of_month)
  target births
  window 28 of births, day_of_week
  split 80/10/10 in time date
  scale zscore
  scale target zscore
}
net { window | gru(32) | last | dense(1) }
loss huber
train {
  adam(cosine(3e-3, 1e-5))
  batch 64
  epochs 20
  keep best val.loss
  watch mae, rmse
}
