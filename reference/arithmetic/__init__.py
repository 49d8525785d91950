"""Number formats as data, and the arithmetics that a truth is evaluated in, from float64 to balls."""
