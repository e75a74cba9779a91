layer f(x) = if training then x
