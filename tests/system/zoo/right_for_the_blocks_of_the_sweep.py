"""Right for batches as large as those of the sweep."""

from sound import softmax as sound

VERDICTS = {"accuracy": "refuted", "row_independence": "refuted"}


def softmax(x, axis=-1):
    return sound(x, axis) if len(x) > 4 else 1 - sound(x, axis)
