"""Calling a subject safely: in a process of its own, or in this one with copies, a time limit and a record."""
