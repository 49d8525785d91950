"""Finite domains, scanned to their end, so that what is said of them is proved."""
