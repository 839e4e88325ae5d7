"""Lists and runs side by side: a given list against the optimum, runs against each other."""
