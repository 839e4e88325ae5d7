"""What more is worth: steps of a service, one aim against another, acting together."""
