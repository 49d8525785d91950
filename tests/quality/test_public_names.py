"""What the stability page names stays: public names with their arguments, commands with their options, settings."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import extremum
from extremum.reports.cli import main
from extremum.reports.driving.settings_schema import schema

LEDGER = Path(__file__).with_name("public.json")


def known() -> dict[str, list[str]]:
    """By name, the arguments of what Python has, the options of a command, and the settings of a project."""
    public = {name: getattr(extremum, name) for name in extremum.__all__}
    public["strategies.arguments"] = extremum.strategies.arguments
    found = {f"extremum.{name}": parts_of(thing) for name, thing in public.items()}
    for name, command in main.commands.items():
        found[f"extremum {name}"] = sorted({word for p in command.params for word in (*p.opts, *p.secondary_opts)})
    found["[tool.extremum]"] = sorted(schema()["properties"])
    return dict(sorted(found.items()))


def parts_of(thing: Any) -> list[str]:
    """The arguments of a function, in order, and what an instance of a class has by name."""
    if inspect.isfunction(thing):
        return [*inspect.signature(thing).parameters]
    if not inspect.isclass(thing):
        return []
    names = {*dir(thing), *getattr(thing, "__dataclass_fields__", ())} - {*dir(AssertionError)}
    return sorted(name for name in names if not name.startswith("_"))


def test_nothing_public_goes_and_what_is_new_is_written_down() -> None:
    written: dict[str, list[str]] = json.loads(LEDGER.read_text(encoding="utf-8"))
    now = known()
    gone = {f"{name} {word}" for name, words in written.items() for word in {*words} - {*now.get(name, ())}}
    assert gone | (written.keys() - now.keys()) == set(), "docs/stability.md says how what is public may go"
    assert written == now, "what is new goes into the ledger: python tests/quality/test_public_names.py"


if __name__ == "__main__":
    LEDGER.write_text(json.dumps(known(), indent=1) + "\n", encoding="utf-8")
