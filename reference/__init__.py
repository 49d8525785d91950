"""Implementations and exact truth.

The first stage of the data flow. It imports nothing of `extremum.properties` or `extremum.reports`.

    errors                what every stage raises for bad input
    arithmetic/           number formats as data, and arithmetics from float64 to balls
    truth/                exact values as formulas that any arithmetic evaluates
    subjects/             from a name to an implementation: registration, array adapters, libraries
    softmax ...           one module a role, its methods side by side
    mutants/              broken on purpose, one defect each
    descent/              exact numbers and correct rounding for gradient descent
"""
