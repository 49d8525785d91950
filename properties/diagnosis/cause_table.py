"""The causes that a finding may have, by name: what each means, how it is decided, and how it is mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Cause:
    """A cause in words: what it means, the experiment by which the diagnosis decides it, and the usual fix.

    `brief` is the fix in a sentence, `corrections` are those of `diagnosis.corrections` that make it. `otherwise` is
    the fix, with its brief, where no correction clears the case. A `loss` hides what is added up wrongly after it. Of
    an `ordinary` one usual rows are answered wrongly too, so that whatever else fails may fail for it.
    """

    meaning: str
    experiment: str
    fix: str
    brief: str
    corrections: tuple[str, ...] = ()
    loss: bool = False
    ordinary: bool = False
    otherwise: tuple[str, str] = ("", "")


CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "exp overflow": Cause(
            "An exponential is infinite.",
            "The largest entry is moved up, with all others 40 below it, and the answer is lost just above log max (of "
            "the dtype, of float32 or of float64, or half of that for a product of two exponentials) and not just "
            "below; or the answer to the largest entry is not finite once the others lie far enough below it; or of a "
            "function of single entries, numbers there get no number, and numbers just below are answered well.",
            "Subtract the maximum of the row before the exponential is taken: exp(x - max x).",
            "Subtract the row's maximum first.",
            ("shift",),
            loss=True,
            otherwise=(
                "Take exponentials of what is never positive alone: of x - max x, or of -abs(x) where there is no row.",
                "Take exponentials of what is never positive.",
            ),
        ),
        "sum overflow": Cause(
            "The sum of the exponentials is infinite and none of them is.",
            "The row is cut, lowered or stretched until the sum of its exponentials is in range, where each of them "
            "was before: then it is answered well.",
            "Subtract the maximum of the row, so that no term exceeds 1; in 16 bits accumulate in float32.",
            "Subtract the row's maximum first; in 16 bits add up in float32.",
            ("shift", "float32"),
            loss=True,
        ),
        "underflow to zero": Cause(
            "An exponential or a probability is zero where its quotient or logarithm is not.",
            "The row, or all of it but its maximum, is moved down: values are lost from where the smallest subnormal "
            "of the dtype, of float32 or of float64 is left behind, and not well before.",
            "Subtract the maximum of the row itself, not one that starts from 0 or a floor; where a logarithm is "
            "wanted, compute it as x - max x - log S, never from the probability.",
            "Subtract the row's own maximum first.",
            ("shift",),
            loss=True,
            otherwise=(
                "Where a logarithm is wanted, compute it as x - max x - log S, never from the probability, which is 0 "
                "where the entries lie far apart; an epsilon beside it only hides that.",
                "Compute a logarithm as x - max x - log S, never from the probability.",
            ),
        ),
        "accumulator stagnation": Cause(
            "The sum stops growing, since its terms are less than half of its spacing.",
            "Many terms, each less than half of the spacing at a large one, are put after the large one and before "
            "it: they are lost after it and not before it, and the row of the finding is answered well when it is cut "
            "to fewer than 6 entries.",
            "Accumulate in float32 or wider, or add pairwise.",
            "Add up in float32 or wider, or pairwise.",
            ("float32",),
        ),
        "cancellation": Cause(
            "A small value is the difference of larger ones, and holds their rounding.",
            "The row is repeated in float32 and in float64: the error in float32 exceeds its bound and is more than "
            "256 times that in float64; or an error that a shift to zero takes away is there for a tie of all entries "
            "too.",
            "Compute the small value itself: the sum of the others for 1 - s, log1p for log(1 + t), and x - max x "
            "before log S is taken off.",
            "Compute the small value itself, not as a difference of larger ones.",
            ("shift",),
        ),
        "rounding of the gap": Cause(
            "Entries are rounded before they are subtracted.",
            "The row is shifted to a maximum of zero: the error goes away, and before the shift it was at most 16 "
            "times its bound for each unit of the largest entry, which the rounding of the entries explains.",
            "Subtract the maximum from the entries first: (x - max x) - log S, never x - (max x + log S).",
            "Subtract the row's maximum from the entries before anything else.",
            ("shift",),
        ),
        "subnormals flushed": Cause(
            "A value below the smallest normal is made zero.",
            "Ordinary rows, made smaller, are answered with zeros just below the smallest normal and not just above; "
            "or, as the gaps of the row grow, values are lost from where an exponential becomes subnormal; or of a "
            "function of single entries, numbers on the way to the one of the finding are.",
            "Leave out -ffast-math and flush-to-zero mode, or say that values below the smallest normal are dropped.",
            "Compute without -ffast-math and flush-to-zero mode.",
        ),
        "masked value leaks": Cause(
            "Masked entries count.",
            "The row is called with finite entries that weigh nothing in the place of the masked ones, and is then "
            "answered well; or a row of nothing else is not answered with -inf, the logarithm of an empty sum.",
            "Mask with -inf, or leave the masked entries out: a number such as -1e4 is not below every logit, and 0 * "
            "-inf is NaN.",
            "Mask with -inf, or leave masked entries out.",
        ),
        "nan from a mask": Cause(
            "A masked entry makes the answer NaN.",
            "The row is answered with NaN for its masked entries, and well with finite entries in their place that "
            "weigh nothing.",
            "Guard what is NaN for -inf: -inf - -inf, as of a running maximum that starts with a masked entry, 0 * "
            "-inf of a one-hot vector, and the rounding of -inf to an integer. Take the maximum over the whole row "
            "first, and pick entries instead of multiplying by 0.",
            "Guard -inf - -inf and 0 * -inf, which are NaN.",
        ),
        "wrong axis": Cause(
            "The reduction runs along another axis or over the whole array.",
            "Ordinary rows are answered well as a matrix, and differently along the axis of the case; or a change of "
            "one row of a matrix changes the answers both above and below it.",
            "Hand the axis on to every reduction, with keepdims.",
            "Hand the axis on to every reduction, with keepdims.",
            ("rows last", "one by one"),
        ),
        "state leaks between rows": Cause(
            "The answer depends on an earlier call or row.",
            "The same row is called after either of two others, in turn: its answers form two groups, farther apart "
            "than those within a group; or a change of one row of a matrix changes only answers below it; or a fresh "
            "process answers well what was answered wrongly after other calls.",
            "Start each row and each call from scratch: keep nothing from one to the next.",
            "Start each row and each call from scratch.",
        ),
        "answer overwritten": Cause(
            "A later call overwrites an earlier answer.",
            "After a call on other arguments of the same shape, entries of the answer before it have changed.",
            "Return a new array at each call, or a copy of the one that is kept.",
            "Return a new array at each call.",
        ),
        "storage order ignored": Cause(
            "Strides, offset or byte order are ignored.",
            "Ordinary rows are answered differently in the layout of the case and in C order, where two calls agree "
            "bit for bit.",
            "Walk the strides, or copy with np.ascontiguousarray before the pointer is taken.",
            "Walk the strides, or copy the argument into C order first.",
            ("plain layout",),
        ),
        "input mutated": Cause(
            "The call writes into its argument.",
            "The bits of the argument are compared before and after a call: they differ.",
            "Write into new arrays only: `x = x - x.max()`, not `x -= x.max()`.",
            "Write into new arrays only.",
        ),
        "precision narrowed": Cause(
            "Something is kept in fewer bits than the dtype has.",
            "The answer has a narrower dtype; or, in float32 and float64, the last third of its significand is zero "
            "where the exact values have a full one; or a step of 2**-15 in an entry leaves it as it was, and one of "
            "0.0105 does not.",
            "Keep every value on the way in the dtype of the input or wider, and return that dtype.",
            "Keep every value in the dtype of the input or wider.",
        ),
        "nondeterministic": Cause(
            "The same arguments get different answers, call after call.",
            "The call is repeated up to 24 times on the same arguments: its answers differ, though they do not follow "
            "the calls before.",
            "Fix the order of each sum, write every entry before it is read, and draw no random numbers: dropout and "
            "noise belong to training.",
            "Fix the order of sums, and leave out what is random.",
        ),
        "wrong dtype": Cause(
            "The answer comes in another dtype than the argument.",
            "The dtype of the answer is read: it has as many bits or more, or holds no floats.",
            "Make constants of the dtype of the argument, and give the answer back in it with `astype`.",
            "Give the answer back in the dtype of the argument.",
        ),
        "wrong shape": Cause(
            "The answer comes in another shape than the role gives it.",
            "The shape of the answer is read, and its values are not those of rows along another axis.",
            "Give every axis of the argument back: keepdims=True in reductions, no `squeeze` without its axis, and no "
            "axis that a batch of one leaves behind.",
            "Give the answer back in the shape that the role asks for.",
            ordinary=True,
        ),
        "sum in 16 bits": Cause(
            "Terms are added up in 16 bits along an axis or in a layout in which NumPy does not widen the sum.",
            "The case is answered well in float32, and as plain rows along the last axis, and so are rows of 3 along "
            "its own axis and in its layout.",
            "Ask for a wider sum: `sum(axis=axis, dtype=np.float32)`, or `astype(np.float32)` first; NumPy widens a "
            "sum of 16 bits along the last axis alone.",
            "In 16 bits add up in float32: sum(axis=axis, dtype=np.float32).",
            ("float32", "rows last", "plain layout"),
        ),
        "entries left out": Cause(
            "A loop leaves out some entries of the answer.",
            "Each entry of ordinary rows is moved: some entries of the answer stand still where the exact ones move, "
            "the same in all rows.",
            "Run the loop from the first entry to the last, the tail beyond whole vectors or tiles included.",
            "Run the loop over all entries, the tail included.",
            ordinary=True,
        ),
        "missing term": Cause(
            "A term is left out.",
            "Each entry of ordinary rows is moved, and with some of them, the same in all rows, only the entry beside "
            "moves; or a fit of the answer with the terms of the formula finds one with the factor 0.",
            "Add up all terms: those of the tail beyond whole vectors, the first and the last, and each that the rules "
            "of differentiation give.",
            "Add the term that is left out.",
            ordinary=True,
        ),
        "wrong sign": Cause(
            "The answer or a term has the other sign.",
            "A fit of the answers to ordinary rows with the terms of the formula finds some with the factor -1, and "
            "all others as they should be or left out.",
            "Change the sign: a gradient points uphill, and a loss is minus the log-likelihood.",
            "Change the sign of the term.",
            ordinary=True,
        ),
        "wrong factor": Cause(
            "The answer or a term is multiplied by another constant.",
            "A fit of the answers to ordinary rows with the terms of the formula finds another factor, the same in all "
            "rows.",
            "Compare the constants with the definition: the 2 of a square, the n of a mean, the base of a logarithm.",
            "Compare the factor with the definition.",
            ordinary=True,
        ),
        "transposed matrix": Cause(
            "A matrix stands for its transpose.",
            "A fit of the answers to ordinary rows with the terms of the formula, with and without transposes, gives "
            "one for the other.",
            "Write the indices out: where a matrix is square or symmetric, shapes do not show it.",
            "Transpose it there, as the formula does.",
            ordinary=True,
        ),
        "wrong term": Cause(
            "A term of another argument, index or formula stands in the place of one.",
            "A fit of the answers to ordinary rows finds one term left out and another that the formula has not; or "
            "rows are answered well for another label.",
            "Write the formula out with its indices, and compare which argument each term takes.",
            "Take the term of the argument and the index that the formula has.",
            ordinary=True,
        ),
        "extra term": Cause(
            "A term is added that the formula has not.",
            "A fit of the answers to ordinary rows finds all terms of the formula, and one more.",
            "Leave the term out, or add it outside: a decay, a ridge, the logarithm of a count.",
            "Leave out the term that the formula has not.",
            ordinary=True,
        ),
        "wrong divisor": Cause(
            "Rows are divided by another number than their sum or norm, or by none.",
            "Each ordinary row is answered with a multiple of the exact row, or of a logarithm with the exact row and "
            "a number, another for each row.",
            "Divide by the sum of this row's own terms, all under one shift, and by nothing else.",
            "Divide by the sum of the row's own terms, all under one shift.",
            ordinary=True,
        ),
        "divided by length": Cause(
            "The answer is divided by the number of entries of an argument.",
            "Ordinary rows of two lengths are answered with the exact answer times a factor, and the factor times the "
            "length is the same.",
            "Leave out the division by the length: the loss of one row is no mean over its classes.",
            "Leave out the division by the length.",
            ordinary=True,
        ),
        "padding counted": Cause(
            "A row is padded to whole vectors or tiles, and the padding is counted.",
            "Ordinary rows just shorter and just longer than 4, 8, 16, 32 or 64 entries are divided by too much, those "
            "of that length and twice that are answered well, and so are all with entries near 40, beside which the "
            "exponential of 0 is nothing.",
            "Pad with -inf, so that padding counts neither in the maximum nor in the sum.",
            "Pad with -inf, before the maximum and the sum.",
            ordinary=True,
        ),
        "sums not rescaled": Cause(
            "Sums of parts of a row, each under a maximum of its own, are added up as they are.",
            "Rows of five parts and more, whose maximum is their last entry, are answered as if they were divided by "
            "such sums: of parts of 1 to 2,047 entries, one after the other or interleaved, each under its own maximum "
            "or the one so far.",
            "Multiply a sum by exp(old maximum - new maximum) before anything under the new maximum is added to it.",
            "Rescale each partial sum to the new maximum before it is added.",
            ordinary=True,
        ),
        "epsilon added": Cause(
            "A constant is added to a probability, or to what a logarithm is taken of.",
            "Of rows [-g, 0] with g from 3 to 40 the small probability is too large by the same number, to a "
            "sixteenth, wherever that number is neither far above it nor far below, and so with six more entries at "
            "-90, which weigh nothing.",
            "Leave out the epsilon: with the row's maximum subtracted no sum is zero, and a logarithm is computed as "
            "x - max x - log S.",
            "Leave out the epsilon.",
        ),
        "base 2 out of range": Cause(
            "An entry times log2(e) is infinite.",
            "The row or its gaps are moved out: values are lost just beyond the largest finite value over log2(e), and "
            "not just before.",
            "Subtract the maximum before the entries are multiplied by log2(e), or limit the product.",
            "Subtract the row's maximum before the base is changed.",
            ("shift",),
            loss=True,
        ),
        "values clipped": Cause(
            "What lies beyond a limit is answered as if it lay at the limit.",
            "The row is multiplied by 2 and by 4: three times an entry of the answer is the same, finite, not zero and "
            "wrong; made smaller, the row is answered well.",
            "Leave out the clip, the floor or the epsilon: with the row's maximum subtracted no exponential needs a "
            "limit, and a logarithm is computed as x - max x - log S.",
            "Leave out the clip, the floor or the epsilon.",
        ),
        "unknown": Cause(
            "No experiment shows the cause.",
            "Every experiment was tried and showed nothing, or the time limit of the diagnosis ended first.",
            "Look at the simplest input of the finding, and at the usual fix of its property.",
            "Look at the simplest input.",
        ),
    }
)

UNKNOWN = "unknown"
STATE = "state leaks between rows"
NONDETERMINISTIC = "nondeterministic"
