"""What must give where wishes have no plan."""
