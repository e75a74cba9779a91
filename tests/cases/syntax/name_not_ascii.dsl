data { target größe }
