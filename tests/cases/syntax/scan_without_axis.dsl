layer f(x) { scan x { h } }
