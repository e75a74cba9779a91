data { target repeat }
