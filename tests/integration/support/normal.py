"""Replace the parts of messages that differ from run to run: times, sequenceIds, positions."""

import re

_TIMES = re.compile(r'"(eventTime|systemTime|checkpointTime)":\d{13}')
_SEQUENCE = re.compile(r'"sequenceId":"\d{19}"')
_META = re.compile(r'"ddlMeta":"[^"]*"')


def normal(text):
    """Return the text with each time and sequenceId as zeros of its length, and ddlMeta empty."""
    text = _TIMES.sub(lambda m: f'"{m[1]}":{"0" * 13}', text)
    text = _SEQUENCE.sub(f'"sequenceId":"{"0" * 19}"', text)
    return _META.sub('"ddlMeta":""', text)
