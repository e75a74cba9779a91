csv "data/penguins.csv"
npz "data/digits.npz" { image: [8, 8, 1] = x; digit = y }
npz "data/digits.npz" {
  image: [8, 8, 1] = x
  digit: class(10) = y
}
text "data/moby_dick.txt" characters window 64
column body: words top 20_000 length 200
column Pclass: category
column fam = SibSp + Parch + 1
column date = date(year, month, date_of_month)
column `Sib Sp` = `Sib Sp` + 1
input x: [28, 28, 1]; target y: class(10)
only age, lab_*
only *_id, `my col`, a*b
ignore year
ignore year, tmp_*
target heating, cooling
target churn positive "yes"
target `Sale Price`
reconstruct image
carry amount
split 70/15/15
split 70/30
split 70/15/15 stratified species
split 70/15/15 grouped patient
split 90/5/5 in time
split 80/10/10 in time date
split 5 folds stratified X; test 20%
split 5 folds grouped patient
split 5 folds in time date; test last 1 day
split given part
split 70/15/15 seed 3
split 70/15/15 stratified species seed 3
split 5 folds grouped patient seed 1
test 20%
test last 1 day
test csv "t.csv"
missing median
missing marks -999
missing marks -999, -1
missing drop columns above 40%
missing mode of embarked
missing constant 0 of x with flag
scale zscore
scale target zscore
scale minmax 0..1
scale minmax -1..1 of age, lab_*
window 28 of births, day_of_week
window 28 of births every 1 ahead 7
window 28
window steps of births ahead horizon
augment { shift 1; rotate 10; zoom 0.9..1.1; blur 0..0.5; flip horizontal; rotate -10..10 }
downsample label == "no" to 1/4
downsample label == "no" and age > 30 to 25%
sample_weight COL
sample_weight `my weight`
class_weight balanced
only test, keep, window, state, time, in, target, split, column, scale, data, net, of, `if`
target test
target positive positive "yes"
split 70/15/15 stratified time
split 80/10/10 in time time
ignore carry, in
column test = keep + window * state / time
column time = if in > 0 then test else given
window 3 of time, window
missing mode of flag with flag
carry carry, keep
column last: category
test 20% stratified test
csv "a.csv" { separator ";"; decimal "," }
csv "a.csv" {
  separator ";"
  header false
}
missing constant "none" of embarked
missing constant unknown of embarked
missing marks -999, "none"
input t: words top 100 length 20
input image: [28, 28, 1]
target batch
ignore shuffle, epochs, loss, train, net, seed
carry state, weight
class_weight balanced; sample_weight weight
column `size (m^2)`: category
scale none
augment { flip; rotate 10 }
