"""JSON as others may write it: strict, within limits, and in words what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from trialsched.errors import InvalidValueError

MAX_INNER: Final = 1_000_000  # objects and lists: each takes memory, however short it is
_MAX_DIGITS: Final = 4_300  # of a whole number: Python reads no more, since that takes quadratic time


class Object(dict[str, Any]):
    """An object of JSON, and the keys that stand in it more than once, in their order."""

    twice: tuple[str, ...] = ()


def parse(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what JSON says. Raises `ValueError` for what is none, `RecursionError` for what is too deep."""
    return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_int=_whole_number)


def loads(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what JSON says. Raises `InvalidValueError` for what is none, and for what is too much."""
    if text.count("{") + text.count("[") > MAX_INNER:
        raise InvalidValueError(f"more than {MAX_INNER:,} objects and lists")
    try:
        return parse(text)
    except RecursionError:
        raise InvalidValueError("not JSON that can be read: too deeply nested") from None
    except ValueError as error:
        raise InvalidValueError(f"not JSON: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> Object:
    found = Object(pairs)
    if len(found) < len(pairs):
        times = Counter(key for key, _ in pairs)
        found.twice = tuple(key for key in found if times[key] > 1)
    return found


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number of JSON")


def _whole_number(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a whole number of more than {_MAX_DIGITS:,} digits")
    return int(text)
