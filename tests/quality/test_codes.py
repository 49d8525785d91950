"""The codes of properties: each belongs to one property of one role for ever, whatever becomes of that property."""

from __future__ import annotations

import json
from pathlib import Path

from extremum.properties.roles.formula import PROPERTIES
from extremum.properties.roles.registry import roles

LEDGER = Path(__file__).with_name("codes.json")


def known() -> dict[str, list[str]]:
    """By code, the properties that have it, as `role property`; a contract's code is every role's."""
    found: dict[str, list[str]] = {}
    for role in roles().values():
        for prop in role.properties:
            found.setdefault(prop.code, []).append(f"{role.name} {prop.name}")
    for prop in PROPERTIES:
        found.setdefault(prop.code, []).append(f"formula {prop.name}")
    return {code: sorted(names) for code, names in sorted(found.items())}


def test_a_code_keeps_the_property_that_it_was_given_to() -> None:
    written: dict[str, list[str]] = json.loads(LEDGER.read_text())
    now = known()
    assert now.keys() - written.keys() == set(), "new codes go into the ledger: python tests/quality/test_codes.py"
    for code, names in now.items():
        assert {name.split()[-1] for name in names} == {name.split()[-1] for name in written[code]}, code
        assert {*names} <= {*written[code]}, code


if __name__ == "__main__":
    ledger = json.loads(LEDGER.read_text()) if LEDGER.exists() else {}
    rows = {code: sorted({*names, *ledger.get(code, [])}) for code, names in known().items()}
    LEDGER.write_text(json.dumps(dict(sorted({**ledger, **rows}.items())), indent=1) + "\n")
