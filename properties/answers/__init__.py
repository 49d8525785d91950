"""Answers that a reader's own test has: bound to a role, judged by entry; and the arguments to ask for them."""
