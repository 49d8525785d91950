"""Exact numbers as text."""

import flint
import numpy as np
import pytest

from extremum.reference.arithmetic.exact_text import answered, from_text, jets_of, request, to_text
from extremum.reference.arithmetic.jets import Evaluation, jets


@pytest.mark.parametrize("bits", [53, 128, 512])
def test_a_ball_that_comes_back_contains_the_one_that_went_and_hardly_more(bits: int) -> None:
    with flint.ctx.workprec(bits):
        for ball in (flint.arb(1) / 3, flint.arb(2).exp() ** 100, -flint.arb(7).sqrt(), flint.arb(0), flint.arb(-5)):
            back = from_text(to_text(ball))
            assert bool(back.mid() == ball.mid())
            assert bool(ball.rad() <= back.rad())
            assert bool(back.rad() <= ball.rad() * (1 + flint.arb(2) ** -28))
    assert not from_text(to_text(flint.arb("nan"))).is_finite()


def test_a_rational_comes_back_as_it_went() -> None:
    for number in (flint.fmpq(-3, 7), flint.fmpq(0), flint.fmpq(10**5000 + 1, 3**9000)):
        assert from_text(to_text(number)) == number


@pytest.mark.parametrize("text", ["", "1/0", "1 2 3", "x/1", "1 2 3 4 5"])
def test_another_text_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"rational|invalid literal|values to unpack"):
        from_text(text)


def test_a_function_that_is_asked_by_text_answers_as_it_does_here() -> None:
    asked = jets([flint.fmpq(1, 3), flint.fmpq(2)], [flint.fmpq(1), flint.fmpq(0)], Evaluation())
    back = jets_of(answered(lambda x: x * 0.1, request(asked)), asked)
    assert [jet.value for jet in back] == [jet.value for jet in asked * 0.1]
    assert [jet.slope for jet in back] == [jet.slope for jet in asked * 0.1]
    assert back[0].evaluation.long_constants[0] == 0.1
    assert answered(np.exp, request(asked)) == {"unanswered": "raises TypeError: the value need not be rational"}
    assert answered(str, request(asked)) == {"unanswered": "returns str for exact numbers"}
