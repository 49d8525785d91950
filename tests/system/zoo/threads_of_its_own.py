"""It computes in threads, and waits for them."""

from concurrent.futures import ThreadPoolExecutor

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    with ThreadPoolExecutor(2) as pool:
        return pool.submit(sound, x, axis).result()
