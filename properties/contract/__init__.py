"""What any implementation owes its caller, whatever its role: properties that every role shares."""
