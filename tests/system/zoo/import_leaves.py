"""os._exit(0) when it is imported."""

import os

VERDICTS = {"accuracy": "crashed"}

os._exit(0)
