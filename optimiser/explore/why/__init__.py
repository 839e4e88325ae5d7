"""Why an occupation is on the list, or not, or no larger: what it displaces, and the single number that turns it."""
