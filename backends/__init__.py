"""Backends: each prints or runs programs; core code asks for one by name with `get_backend`."""
