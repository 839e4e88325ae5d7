"""What is near the best: occupations that every list needs, some need or none, and lists unlike each other."""
