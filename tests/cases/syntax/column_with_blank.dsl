data { csv "a"; target Sale Price }
