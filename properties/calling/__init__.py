"""Calling a subject safely: copies in and out, a time limit, and a record that outlives the process."""
