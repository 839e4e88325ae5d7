"""Sensitivity studies: design (which variants), run (what became of each), analyse (which parts of a list hold)."""
