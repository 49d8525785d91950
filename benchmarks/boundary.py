"""What hostile subjects, kills and damaged files do to an audit: the boundary of judge and judged.

    python benchmarks/boundary.py [zoo] [kills COUNT] [damage COUNT]

`zoo` audits every kind of `tests/system/zoo` with its sound neighbour beside it, and prints what became of both.
`kills` sends SIGKILL, SIGTERM and SIGINT, once and twice, to a host, a worker and the controller of COUNT runs (100) at
random moments. `damage` changes COUNT checkpoints, journals and records (10,000) and reads them. Without a word: all.
What is not as it should be is printed, and the exit code is 1.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from damage import wrong_answers
from kill_runs import Folder, kills, undisturbed, wrong
from zoo_runs import NEIGHBOUR, REPORT, UNPRINTABLE, Kind, Run, audit, groups, kinds, untimed


def zoo(_count: int) -> list[str]:
    """Audit every kind; a line for each that is not as it declares."""
    with tempfile.TemporaryDirectory() as folder:
        own = untimed(audit(Path(folder), [], properties=_properties(kinds())).cells[NEIGHBOUR])
    verdicts, seconds, said, neighbours = Counter[str](), list[float](), list[str](), 0
    better = [kind.name for kind in kinds() if kind.wanted]
    for group in groups(kinds()):
        with tempfile.TemporaryDirectory() as folder:
            run = audit(Path(folder), group)
        for kind in group:
            verdicts[_worst(kind)] += 1
            seconds.append(sum(cell["seconds"] for cell in run.cells.get(kind.name, ())))
            if run.verdicts(kind.name) != kind.verdicts:
                said.append(f"{kind.name}: {run.verdicts(kind.name)}, not {kind.verdicts}")
        neighbours += untimed(run.cells.get(NEIGHBOUR, ())) == {name: own[name] for name in _properties(group)}
        said += [f"{group[0].name} to {group[-1].name}: {line}" for line in _odd(run)]
    each = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"| kinds of hostile subjects, by their worst verdict | {sum(verdicts.values())}: {each} |")
    print(
        f"| of them as they declare; neighbours with the cells that they have alone | {len(seconds) - len(said)}; ",
        end="",
    )
    print(f"{neighbours} of {len(groups(kinds()))} |")
    print(f"| seconds of the cells of a kind: median, largest | {median(seconds):.1f}, {max(seconds):.1f} |")
    print(f"| kinds that would better have another verdict | {len(better)}: {', '.join(better)} |", flush=True)
    return said


def killed(count: int) -> list[str]:
    """Kill so many runs; a line for each that lost or left something."""
    expected, said, reached, began = {}, list[str](), 0, time.monotonic()
    for kill in kills(count):
        with tempfile.TemporaryDirectory() as folder:
            key = kill.proof, kill.workers
            if key not in expected:
                expected[key] = undisturbed(Folder(Path(folder) / "undisturbed"), kill)
            hit, found = wrong(Folder(Path(folder) / "killed"), kill, expected[key])
        reached += hit
        said += [f"{kill}: {line}" for line in found]
    print(f"| runs killed, of them in their midst; with something lost, left or another | {count}, {reached}; ", end="")
    print(f"{len(said)} |", flush=True)
    print(f"({time.monotonic() - began:.0f} s)", file=sys.stderr)
    return said


def damage(count: int) -> list[str]:
    """Damage so many files; a line for each that was believed, or not refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        said = wrong_answers(Path(folder), count)
    print(
        f"| damaged checkpoints, journals and records; believed, or not refused in one line | {count:,}; {len(said)} |"
    )
    return said


def _odd(run: Run) -> list[str]:
    odd = {
        "a traceback": "Traceback" in run.said,
        "something unprintable": bool(UNPRINTABLE.search(run.said)),
        f"reports: {sorted(run.reports)}": run.reports != REPORT,
        f"left: {run.left}": bool(run.left),
    }
    return [text for text, holds in odd.items() if holds]


def _worst(kind: Kind) -> str:
    order = ("crashed", "hung", "refuted", "held")
    return min(kind.verdicts.values(), key=order.index)


def _properties(of: Sequence[Kind]) -> list[str]:
    return sorted({name for kind in of for name in kind.verdicts})


PARTS: dict[str, tuple[Callable[[int], list[str]], int]] = {
    "zoo": (zoo, 0),
    "kills": (killed, 100),
    "damage": (damage, 10_000),
}


def main(words: Sequence[str]) -> int:
    """Print the table, and then what is wrong."""
    said = []
    for name, (part, count) in PARTS.items():
        if not words or name in words:
            after = words[words.index(name) + 1 :][:1] if name in words else []
            said += part(int(after[0]) if after and after[0].isdigit() else count)
    print(*said, sep="\n")
    return bool(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
