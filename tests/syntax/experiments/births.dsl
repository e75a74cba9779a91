# births.dsl - a time series                  # the file has year, month, date_of_month, day_of_week, births
data  { csv "data/births.csv"; column date = date(year, month, date_of_month); target births
        window 28 of births, day_of_week; split 80/10/10 in time date; scale zscore; scale target zscore }
net   { window | gru(32) | last | dense(1) }
loss  huber
train { rmsprop(1e-3); batch 64; epochs 30; watch mae, rmse }
