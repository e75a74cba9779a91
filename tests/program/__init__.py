"""The program language: its verifier and its view."""
