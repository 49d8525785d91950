"""KeyboardInterrupt when it is imported."""

VERDICTS = {"accuracy": "crashed"}

raise KeyboardInterrupt
