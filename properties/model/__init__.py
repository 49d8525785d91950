"""What a role and a property are, and the view of an answer that a property measures."""
