"""100 MB on standard output in its first call, and a line in each."""

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}

CALLS = []


def softmax(x, axis=-1):
    for _ in range(1 if CALLS else 100):
        print("x" * (10**3 if CALLS else 10**6))
    CALLS.append(1)
    return sound(x, axis)
