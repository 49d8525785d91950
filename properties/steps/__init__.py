"""The steps that judge a cell: blocks, screen, climb, decide, search, shrink, witness."""
