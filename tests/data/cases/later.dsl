# task: classes
data {
  csv "files/people.csv"
  column fam = height + width
  column sex: category
  missing median
  augment { shift 1 }
  downsample species == 1 to 1/4
  carry height
  reconstruct width
  target species, sex
  scale zscore of height
  split 5 folds
  test 20%
  sample_weight height
}
