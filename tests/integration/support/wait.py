"""Waiting for a condition with a deadline, never for a fixed time."""

import os
import time

# a slower machine or a sanitizer build gets more time; nothing is asserted about it
PATIENCE = float(os.environ.get("TIDEWAY_PATIENCE", "1"))
DEADLINE_S = 30 * PATIENCE


class TimedOut(AssertionError):
    """The condition did not come true in time."""


def wait_for(condition, what, timeout=DEADLINE_S, pause=0.02):
    """Returns condition()'s first true value; TimedOut with what() or what when there is none in time."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimedOut(f"after {timeout:.0f} s: {what() if callable(what) else what}")
        time.sleep(pause)
