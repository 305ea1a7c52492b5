"""Wait for a condition until a deadline, never for a fixed time."""

import os
import time

# more time for a slow machine or a sanitizer build; no test asserts it
PATIENCE = float(os.environ.get("TIDEWAY_PATIENCE", "1"))
# ends a test that hangs; it is not an assertion, so a slow machine never reaches it
DEADLINE_S = 300 * PATIENCE


class TimedOut(AssertionError):
    """The condition was not true before the deadline."""


def wait_for(condition, what, timeout=DEADLINE_S, pause=0.02):
    """Call condition() until it returns a true value, and return this value.

    Raises TimedOut with what(), or the text `what`, at the deadline."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimedOut(f"after {timeout:.0f} s: {what() if callable(what) else what}")
        time.sleep(pause)
