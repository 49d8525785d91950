"""Where along a line of inputs a subject first fails, to the last bit."""
