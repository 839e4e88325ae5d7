"""Fixtures that several files of tests share."""

from refusal import refuse

__all__ = ["refuse"]
