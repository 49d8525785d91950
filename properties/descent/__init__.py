"""What a bad step size does, exactly and in every format, and what forbids it."""
