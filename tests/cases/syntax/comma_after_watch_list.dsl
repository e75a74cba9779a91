train {
  watch accuracy, f1, batch 32
}
