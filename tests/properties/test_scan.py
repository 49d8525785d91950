"""Proofs by exhaustion: the domains, tallies that do not depend on how they are cut, and what follows."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest

from extremum.properties.exhaustion import scan as exhaustive
from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.exhaustion.scan import conclude, pointwise, scan
from extremum.properties.roles.registry import role_named
from extremum.properties.values import tally as tallying
from extremum.properties.values.finding import Cell
from extremum.properties.values.tally import Tally
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject, named, subjects

SMALL = ("float8_e4m3fn", "float8_e5m2")


def whole(role: str, name: str, domain: str, dtype: str, block: int = exhaustive.BLOCK) -> dict[str, Tally]:
    (subject,) = named(name, role)
    d, fmt = DOMAINS[domain], FORMATS[dtype]
    return scan(subject, role_named(role), pointwise(role_named(role)), d, fmt, (0, d.size(fmt)), block)


def cells(role: str, name: str, domain: str, dtype: str) -> dict[str, Cell]:
    (subject,) = named(name, role)
    found = whole(role, name, domain, dtype)
    return {
        p.name: conclude(subject, role_named(role), p, DOMAINS[domain], FORMATS[dtype], found[p.name])
        for p in pointwise(role_named(role))
    }


# The domains


@pytest.mark.parametrize("dtype", [*SMALL, "float16", "bfloat16"])
def test_gaps_are_every_finite_float_from_0_on(dtype: str) -> None:
    fmt = FORMATS[dtype]
    rows = DOMAINS["gaps"].rows(fmt, 0, DOMAINS["gaps"].size(fmt)).astype(np.float64)
    assert (rows[:, 1] == 0).all()
    assert rows[0, 0] == 0
    assert rows[-1, 0] == fmt.max
    assert (np.diff(rows[:, 0]) > 0).all()
    assert len(rows) == fmt.largest_ordinal + 1


@pytest.mark.parametrize("dtype", SMALL)
def test_pairs_are_every_pair_of_finite_bit_patterns_and_none_twice(dtype: str) -> None:
    fmt, d = FORMATS[dtype], DOMAINS["pairs"]
    patterns = [tuple(row) for row in d.rows(fmt, 0, d.size(fmt)).view(fmt.bits)]
    every = np.arange(256, dtype=np.uint8).view(np.int8)
    finite = every[np.isfinite(every.view(fmt.dtype).astype(np.float64))].tolist()
    assert len(patterns) == len(set(patterns)) == d.size(fmt)
    assert set(patterns) == set(product(finite, finite))


def test_the_sizes_are_those_of_the_formats() -> None:
    assert DOMAINS["gaps"].size(FORMATS["float32"]) == 2_139_095_040
    assert DOMAINS["pairs"].size(FORMATS["float16"]) == 63_488**2
    part = DOMAINS["pairs"].rows(FORMATS["float16"], 10**9, 10**9 + 3)
    assert part.tobytes() == DOMAINS["pairs"].rows(FORMATS["float16"], 10**9 - 5, 10**9 + 5)[5:8].tobytes()


# The scan


@pytest.mark.parametrize("name", ["shifted", "naive", "wide"])
@pytest.mark.parametrize("block", [1, 37, 4096])
def test_the_tally_does_not_depend_on_the_block(name: str, block: int) -> None:
    if block == 1:
        role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float8_e5m2"]
        (subject,) = named(name, "softmax")
        one = scan(subject, role, pointwise(role), d, fmt, (0, d.size(fmt)), 1)
        assert one == whole("softmax", name, "gaps", "float8_e5m2")
    else:
        expected = whole("softmax", name, "pairs", "float8_e5m2")
        assert whole("softmax", name, "pairs", "float8_e5m2", block) == expected


def test_tallies_merge_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (exhaustive, tallying):
        monkeypatch.setattr(module, "DOUBTS_KEPT", 50)
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float16"]
    (subject,) = named("naive", "softmax")
    spans = [(0, 9000), (9000, 20_000), (20_000, d.size(fmt))]
    found = [scan(subject, role, pointwise(role), d, fmt, span)["accuracy"] for span in spans]
    merged = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        total = Tally()
        for i in order:
            total.merge(found[i])
        merged.append(Tally.from_json(json.loads(json.dumps(total.to_json()))))
    assert merged[0] == merged[1] == merged[2]
    assert merged[0].rows == d.size(fmt)
    assert merged[0].doubts > len(merged[0].doubtful) == 50
    assert merged[0].worst[0] == np.inf


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("softmax", "naive"),
        ("softmax", "through_logsumexp"),
        ("log_softmax", "log_of_softmax"),
        ("log_softmax", "log_softmax_through_logsumexp"),
        ("logsumexp", "naive_logsumexp"),
    ],
)
def test_where_many_rows_fail_the_worst_is_as_exact(role: str, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    d, fmt, properties = DOMAINS["pairs"], FORMATS["float8_e5m2"], pointwise(role_named(role))
    (found,) = named(subject, role)
    span = (0, d.size(fmt))
    every = scan(found, role_named(role), properties, d, fmt, span)
    for module in (exhaustive, tallying):
        monkeypatch.setattr(module, "DOUBTS_KEPT", 20)
    few = scan(found, role_named(role), properties, d, fmt, span, 100)
    assert any(tally.doubts == 21 for tally in few.values())
    for name, tally in few.items():
        assert (tally.rows, tally.worst) == (every[name].rows, every[name].worst)
        assert tally.doubtful == every[name].doubtful[:20]


@pytest.mark.slow
@pytest.mark.parametrize("role", ["softmax", "log_softmax", "logsumexp", "softmax_jacobian"])
def test_every_sound_reference_is_proved_on_all_pairs_of_8_bits_and_gaps_of_16(role: str) -> None:
    for subject in subjects(role, "reference"):
        for domain, dtype in (("pairs", "float8_e5m2"), ("gaps", "bfloat16")):
            if role == "softmax_jacobian" and domain == "gaps":
                continue  # it is called row by row; the command does it
            for name, cell in cells(role, subject.name, domain, dtype).items():
                declared = subject.may_fail(name, "bfloat16") or subject.may_fail(name, dtype)
                assert cell.verdict == "proved" or declared, (subject.name, name, dtype, cell.verdict, cell.detail)


def test_a_refuted_cell_has_the_smallest_gap_that_fails() -> None:
    cell = cells("softmax", "naive", "gaps", "float16")["finite"]
    assert (cell.verdict, cell.cause, cell.expected) == ("refuted", "exp overflow", True)
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["values"][0] == "0x1.6300000000000p+3"  # 11.09375, where exp is 65,555 > 65,504
    assert cell.examined == 31_744


def test_one_wrong_pair_in_all_is_found() -> None:
    def wrong(x: Any, axis: int = -1) -> Any:
        out = sound.function(x, axis=axis)
        out[(x[:, 0] == 3) & (x[:, 1] == -5)] = 0.25
        return out

    (sound,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["pairs"], FORMATS["float8_e5m2"]
    subject = Subject("wrong", "softmax", wrong)
    prop = next(p for p in pointwise(role) if p.name == "accuracy")
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))["accuracy"]
    cell = conclude(subject, role, prop, d, fmt, tally)
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert [float.fromhex(v) for v in cell.simplest.arguments["x"]["values"]] == [3, -5]


def test_a_subject_that_raises_for_one_row_is_refuted_by_that_row() -> None:
    def raises(x: Any, axis: int = -1) -> Any:
        if (x == 7).any():
            raise ValueError("seven")
        return sound.function(x, axis=axis)

    (sound,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float8_e5m2"]
    subject = Subject("raises", "softmax", raises)
    prop = next(p for p in pointwise(role) if p.name == "finite")
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))["finite"]
    cell = conclude(subject, role, prop, d, fmt, tally)
    assert (cell.verdict, cell.detail) == ("refuted", "raises ValueError: seven")


def judged_as(function: Any, dtype: str = "float16", name: str = "accuracy") -> Cell:
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS[dtype]
    subject = Subject("it", "softmax", function)
    prop = next(p for p in pointwise(role) if p.name == name)
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))[name]
    return conclude(subject, role, prop, d, fmt, tally)


def test_a_row_that_raises_is_found_wherever_it_stands_in_its_block() -> None:
    def raises(x: Any, axis: int = -1) -> Any:
        if (x == 60000).any():
            raise ValueError("sixty thousand")
        return wide(x, axis)

    cell = judged_as(raises)
    assert (cell.verdict, cell.detail) == ("refuted", "raises ValueError: sixty thousand")
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["values"] == ["0x1.d4c0000000000p+15", "0x0.0p+0"]


def test_an_answer_that_is_wrong_alone_is_no_proof() -> None:
    cell = judged_as(lambda x, axis=-1: wide(x, axis) if len(x) > 1 else np.full_like(x, 0.25))
    assert cell.verdict == "refuted"


def test_an_answer_that_is_another_alone_is_no_proof() -> None:
    def once_up(x: Any, axis: int = -1) -> Any:
        return wide(x, axis) if len(x) > 1 else np.nextafter(wide(x, axis), np.float16(0))

    cell = judged_as(once_up)
    assert (cell.verdict, cell.detail.partition(":")[0]) == (
        "incomplete",
        "the answer to a row alone is another than among others",
    )


def test_a_row_that_is_wrong_beside_another_is_refuted_by_the_two() -> None:
    def neighbour(x: Any, axis: int = -1) -> Any:
        out = wide(x, axis)
        out[1:][x[1:, 0] == 5] = 0
        return out

    cell = judged_as(neighbour)
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["shape"] == [2, 2]


def test_rows_that_fail_among_others_and_not_alone_are_not_proved() -> None:
    def leaks(x: Any, axis: int = -1) -> Any:
        out = sound.function(x, axis=axis)
        out[1:] = out[:-1].copy()
        return out

    (sound,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float8_e5m2"]
    subject = Subject("leaks", "softmax", leaks)
    prop = next(p for p in pointwise(role) if p.name == "accuracy")
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))["accuracy"]
    cell = conclude(subject, role, prop, d, fmt, tally)
    assert cell.verdict == "refuted"


def test_a_part_of_a_domain_proves_nothing() -> None:
    (subject,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float16"]
    prop = pointwise(role)[0]
    cell = conclude(subject, role, prop, d, fmt, scan(subject, role, [prop], d, fmt, (0, 1000))[prop.name])
    assert (cell.verdict, cell.detail) == ("incomplete", "1,000 rows were scanned")


def test_a_property_with_much_room_everywhere_is_proved_too() -> None:
    role, d, fmt = role_named("logsumexp"), DOMAINS["gaps"], FORMATS["float8_e5m2"]
    subject = Subject("it", "logsumexp", lambda x, axis=-1: x.max(axis=axis) if axis == -1 else x.max(axis))
    prop = next(p for p in pointwise(role) if p.name == "between")
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))[prop.name]
    assert tally.worst[0] < 0
    assert Tally.from_json(tally.to_json()) == tally
    assert conclude(subject, role, prop, d, fmt, tally).verdict == "proved"
