"""Extreme inputs, what must hold, and the engine that judges a cell.

The second stage of the data flow. It imports `extremum.reference` and nothing of `extremum.reports`.
A cell is one subject, one property and one dtype. What happens to it:

    engine.judge_cell
        steps.blocks      rows of arguments from every regime, at every length
        steps.screen      the subject's answers against a vectorised truth in wider precision
        steps.decide      what the screen can't clear, certified in ball arithmetic
        steps.climb       from the rows that came closest towards the worst case
        steps.search      Hypothesis drives the same regimes
        steps.shrink      the refuted case is cut down
        steps.witness     written down, read back, and run again
        diagnosis         why it failed, by experiment

What the steps have seen is in `steps.evidence`; what the cells of an audit share is in `steps.sharing`.

The folders, each importing from those above it only:

    values/       what is passed on: signatures, cases, findings
    inputs/       regimes, lengths, matrices, cotangents, labels
    calling/      the subject, called safely, in a process of its own
    model/        what a role, a property and a view are
    laws/         statements that roles share
    roles/        the registry and the roles
    steps/        the steps above
    answers/      one answer of a reader's own test, judged; arguments to ask for it
    diagnosis/    causes
    engine        the steps in order
    exhaustion/   finite domains to their end
    onset/        where along a line of inputs a subject first fails
    contested/    what nobody agrees on
    descent/      the bad step size
    claims/       the exercises' statements
"""
