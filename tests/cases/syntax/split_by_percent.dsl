data { csv "a"; split 70% 15% 15% }
