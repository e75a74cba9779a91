layer f(x) = if x = 3 then 1 else x
