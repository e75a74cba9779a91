# task: values
data {
  parquet "table.parquet" { separator ";"; a = b }
  target y
}
