"""The standard library, written in the language itself; read by dslc/elaborate/prelude.py."""
