data { ignore a b }
