"""What the nightly run visits, and no other: more seeds, dtypes and workers."""

from __future__ import annotations

import os

import pytest

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"  # as the root's `conftest.py` reads it
# Dtypes beside float32, as parameters: float16 with the slow tests, the others in the nightly run alone.
FURTHER = [pytest.param("float16", marks=pytest.mark.slow), *(("float64", "bfloat16") if NIGHTLY else ())]
