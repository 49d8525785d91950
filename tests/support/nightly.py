"""What the nightly run visits, and no other: more seeds, dtypes and workers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from extremum.properties.model.role import Role
from extremum.properties.roles.registry import roles

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"  # as the root's `conftest.py` reads it
# Dtypes beside float32, as parameters: float16 with the slow tests, the others in the nightly run alone.
FURTHER = [pytest.param("float16", marks=pytest.mark.slow), *(("float64", "bfloat16") if NIGHTLY else ())]
# Roles of single entries are made alike: these stand for them, and the nightly run has them all.
STANDING = ("sigmoid", "silu_vjp", "bce_with_logits_gradient")


def with_small_plans(folder: Path) -> None:
    """Let audits in a folder visit a small plan, but for the nightly run's, where they don't say which."""
    if not NIGHTLY:
        (folder / "pyproject.toml").write_text('[tool.extremum]\neffort = "quick"\n', encoding="utf-8")


def tried_roles() -> list[Role]:
    """The roles that a test of all roles tries."""
    return [role for role in roles().values() if NIGHTLY or not role.entrywise or role.name in STANDING]
