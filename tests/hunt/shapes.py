"""Inputs changed in their structure: a value of a table or list put, taken out or exchanged, the rest whole."""

import csv
import io
import json
import tomllib
from collections.abc import Sequence
from datetime import date
from typing import Any

import tomli_w

from tests.hunt.mutating import Dice

_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**30, 1e300, "", [], {}, [[]], {"": 0}, date(2026, 3, 2))


def reshaped(dice: Dice, form: str, data: bytes, words: Sequence[bytes]) -> bytes:
    """Return an input with one value of its structure changed; what has none, or is none, as it is."""
    kind = form.rpartition(".")[2]
    try:
        text = data.decode()
        if kind == "json":
            return _json(dice, text, words).encode()
        if kind == "jsonl":
            lines = text.split("\n")
            place = dice.below(len(lines))
            lines[place] = _json(dice, lines[place], words)
            return "\n".join(lines).encode()
        if kind == "toml":
            table = tomllib.loads(text)
            _change(dice, table, words)
            return tomli_w.dumps(_without_none(table)).encode()
        if kind == "csv":
            return _csv(dice, text, words).encode()
    except (ValueError, TypeError, AttributeError, RecursionError, csv.Error):
        return data
    return data


def _json(dice: Dice, text: str, words: Sequence[bytes]) -> str:
    raw = json.loads(text)
    _change(dice, raw, words)
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _csv(dice: Dice, text: str, words: Sequence[bytes]) -> str:
    head = text[:1] if text.startswith("\ufeff") else ""
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))
    _change(dice, rows, words)
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return head + written.getvalue()


def _without_none(value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return a value as TOML can say it."""
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value if inner is not None] if isinstance(value, list) else value


def _change(dice: Dice, raw: Any, words: Sequence[bytes]) -> None:  # noqa: ANN401 - whatever a format holds
    """Change one place of a structure."""
    places = [(inside, key) for inside in _containers(raw) for key in _keys(inside)]
    if not places:
        return
    inside, key = dice.one_of(places)
    other, there = dice.one_of(places)
    change = dice.below(6)
    if change == 0:
        del inside[key]
    elif change == 1:
        inside[key] = dice.one_of(_VALUES)
    elif change in {2, 3}:
        inside[key] = dice.one_of(words)[:3000].decode(errors="replace")
    elif change == 4:
        inside[key] = json.loads(json.dumps(other[there], default=str))
    elif isinstance(inside, list):
        inside.insert(dice.below(len(inside) + 1), json.loads(json.dumps(inside[key], default=str)))
    else:
        inside[dice.one_of(words)[:100].decode(errors="replace")] = inside[key]


def _containers(raw: Any) -> list[Any]:  # noqa: ANN401 - whatever a format holds
    """Return every table and list of a structure."""
    found, waiting = [], [raw]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (dict, list)):
            found.append(one)
            waiting += one.values() if isinstance(one, dict) else one
    return found


def _keys(inside: Any) -> list[Any]:  # noqa: ANN401 - a table or list
    return list(inside) if isinstance(inside, dict) else list(range(len(inside)))
