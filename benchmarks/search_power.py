"""How much of the worst case the default search finds, where the worst case is known from exhaustion.

    python benchmarks/search_power.py [REPORT.json ...]

For each reference and each property that has a magnitude: the largest measured/allowed of a whole domain, and what
share of it is found by the default audit in rows of two, and by as many rows of uniform bit patterns, of normal
deviates, and of default Hypothesis arrays (of these no more than 2^17, which take longer than all others together).
All gaps (d, 0) of float16 and bfloat16 are scanned here. All pairs of theirs, and all gaps of float32, take minutes a
reference: the worst cases that are known are in `worst_cases.csv`, where those of records named here are added, made by

    extremum audit SUBJECT --role ROLE --exhaustive pairs --dtype float16 --json REPORT.json

A share may be above 1 of gaps, for the search is not confined to them, and below 0 where all that was found lies within
what is allowed with room to spare. Of an infinite ratio it is 1 or 0: found or not. The last lines are, for each way,
the least share, and how many reach 95 %, of the properties that hold and of those that fail. The 95 % of float32 gaps
need the extra `fast`: see `properties/steps/neighbours.py`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.extra.numpy import arrays, from_dtype

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import sweep
from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.exhaustion.scan import pointwise, scan
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.blocks import blocks
from extremum.properties.steps.climb import ratios_of
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.subjects.subject import named, subjects

ROLES = ("softmax", "log_softmax", "logsumexp")
ENOUGH = 0.95
KEY = ("role", "subject", "property", "dtype", "domain")
Key = tuple[str, str, str, str, str]
Known = tuple[str, str, str, str, str, float]  # and the largest ratio
WORST_CASES = Path(__file__).with_name("worst_cases.csv")
DRAWN = 2**17  # arrays of Hypothesis
AT_ONCE = 2**14  # rows


def of_gaps() -> Iterator[Known]:
    """The worst cases over the gaps of 16 bits."""
    d = DOMAINS["gaps"]
    for role in map(role_named, ROLES):
        for subject in subjects(role.name, "reference"):
            for dtype in ("float16", "bfloat16"):
                fmt = FORMATS[dtype]
                chosen = [p for p in pointwise(role) if not p.exact]
                for name, tally in scan(subject, role, chosen, d, fmt, (0, d.size(fmt))).items():
                    yield role.name, subject.name, name, dtype, "gaps", tally.worst[0]


def of_record(path: str) -> dict[Key, str]:
    """The worst cases of an exhaustive audit's cells."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    judged = [c for c in cells if c["verdict"] in {"proved", "refuted"} and c["allowed"]]
    return {key_of(c): repr(float(c["measured"]) / float(c["allowed"])) for c in judged}


def kept(records: Sequence[str]) -> Iterator[Known]:
    """The worst cases in the file of those that are known, with those of new records."""
    with WORST_CASES.open(encoding="utf-8", newline="") as file:
        known = {key_of(row): row["ratio"] for row in csv.DictReader(file)}
    for path in records:
        known |= of_record(path)
    with WORST_CASES.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*KEY, "ratio"])
        rows.writerows([*key, ratio] for key, ratio in sorted(known.items()))
    return ((*key, float(ratio)) for key, ratio in sorted(known.items()))


def key_of(row: Mapping[str, Any]) -> Key:
    """What a worst case is of."""
    role, subject, prop, dtype = (row[name] for name in KEY[:4])
    return role, subject, prop, dtype, row["domain"] if "domain" in row else row["regimes"][0]


def ours(experiment: Experiment) -> tuple[float, int]:
    """The largest ratio that the default search finds in rows of two, and how many rows it looks at."""
    role, prop, dtype = experiment.role, experiment.prop, experiment.fmt.name
    of_two = (b for b in blocks(role, prop, dtype, 0, None) if b.x.shape[-1] == 2)
    evidence = Evidence()
    sweep(evidence, experiment, of_two, Shared(), 0, lambda: False)
    return max(evidence.closest.ratio, evidence.worst_ratio), evidence.examined


def bits(fmt: Format, rng: np.random.Generator, rows: int) -> Array:
    """Uniform bit patterns of finite floats."""
    limit = fmt.largest_ordinal
    return fmt.from_ordinal(rng.integers(-limit, limit, (rows, 2), endpoint=True))


def normal(fmt: Format, rng: np.random.Generator, rows: int) -> Array:
    """Normal deviates."""
    return fmt.round(rng.standard_normal((rows, 2)))


def largest(experiment: Experiment, made: Callable[..., Array], rows: int) -> float:
    """The largest ratio of so many rows, made and looked at a block at a time."""
    rng = np.random.default_rng(0)
    sizes = [min(AT_ONCE, rows - start) for start in range(0, rows, AT_ONCE)]
    return max(float(ratios_of(experiment, made(experiment.fmt, rng, size)).max()) for size in sizes)


@cache
def hypothesis_arrays(fmt: Format, rows: int) -> Array:
    """Default arrays of Hypothesis of finite floats; of bfloat16, which it does not know, those of float32 rounded."""
    drawn: list[Array] = []
    dtype = fmt.dtype if fmt.native else np.dtype(np.float32)

    @settings(
        max_examples=rows,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(arrays(dtype, (2,), elements=from_dtype(dtype, allow_nan=False, allow_infinity=False)))
    def draw(x: Array) -> None:
        drawn.append(x)

    draw()
    return fmt.round(np.stack(drawn).astype(np.float64))


def main(records: list[str]) -> None:
    """Print the table and its last lines."""
    shares: dict[tuple[str, str], list[float]] = defaultdict(list)
    with quiet():
        for role, name, prop_name, dtype, domain, worst in [*of_gaps(), *kept(records)]:
            fmt, role_ = FORMATS[dtype], role_named(role)
            prop = role_.property_named(prop_name)
            assert prop is not None
            if prop.exact or worst <= 0:
                continue
            (subject,) = named(name, role)
            experiment = Experiment(Call(subject, role_.signature), role_, prop, fmt)
            reached, rows = ours(experiment)
            found = {"ours": reached, "bits": largest(experiment, bits, rows)}
            found["hypothesis"] = float(ratios_of(experiment, hypothesis_arrays(fmt, min(rows, DRAWN))).max())
            found["normal"] = largest(experiment, normal, rows)
            kind = "hold" if worst <= 1 else "fail"
            share = {way: ratio / worst if isfinite(worst) else float(ratio == worst) for way, ratio in found.items()}
            told = ", ".join(f"{way} {part:.2f}" for way, part in share.items())
            print(f"{role} {name} {prop_name} {dtype} {domain}: worst {worst:.3f}; {told}", flush=True)
            for way, part in share.items():
                shares[kind, way].append(part)
    for (kind, way), values in sorted(shares.items(), reverse=True):
        enough = sum(v >= ENOUGH for v in values)
        print(f"{kind}, {way}: least share {min(values):.2f}, {enough} of {len(values)} cells reach {ENOUGH:.0%}")


if __name__ == "__main__":
    main(sys.argv[1:])
