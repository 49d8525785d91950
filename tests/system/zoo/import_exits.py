"""sys.exit(0) when it is imported."""

import sys

VERDICTS = {"accuracy": "crashed"}

sys.exit(0)
