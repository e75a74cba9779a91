layer f(x) = if training then x else 0 | relu
