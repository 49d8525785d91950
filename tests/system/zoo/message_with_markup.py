"""A message with the markup of the console, of HTML and of Markdown."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise ValueError("[bold red]x[/] </script><script>alert(1)</script> {{ 7 * 7 }} | `x` ![](y) [/nothing]")
    return sound(x, axis)
