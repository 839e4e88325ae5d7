"""Exploring list options: every question is one function of a Problem that asks a `Desk` and gives a `Finding`."""
