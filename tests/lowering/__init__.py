"""Lowering keeps meanings and plans well."""
