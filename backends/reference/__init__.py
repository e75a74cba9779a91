"""The reference backend: interprets programs in NumPy and so defines what they mean."""

from __future__ import annotations

from .backend import ReferenceBackend

__all__ = ["ReferenceBackend"]
