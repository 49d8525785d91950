"""SIGKILL to the process that it was started by."""

import os
import signal
import time

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1000)
