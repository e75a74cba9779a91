data { csv 'a.csv' }
