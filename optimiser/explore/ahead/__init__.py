"""Before it is known which future comes: a list and quotas that are good for several."""
