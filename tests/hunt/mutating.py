"""Inputs changed at random: bytes, words, lines taken out, doubled, swapped, put in; the same ones for a seed."""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeVar

_T = TypeVar("_T")
_WORD = re.compile(rb"\w+|[^\w]")
_TIMES = (1, 1, 1, 2, 3, 5)  # changes of one input
_LONGEST = 60_000  # bytes of an input that is changed again


class Dice:
    """Numbers that a text decides, the same on every machine."""

    def __init__(self, seed: str) -> None:
        """Begin with the first number."""
        self._seed = seed
        self._drawn = 0

    def below(self, end: int) -> int:
        """Return a number from 0, below an end of at least 1."""
        self._drawn += 1
        digest = sha256(f"{self._seed}#{self._drawn}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % end

    def one_of(self, several: Sequence[_T]) -> _T:
        """Return one of several."""
        return several[self.below(len(several))]


def mutated(dice: Dice, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Return one of the seeds, changed a few times; `words` are those that readers of the format stumble over."""
    data = dice.one_of(seeds)
    for _ in range(dice.one_of(_TIMES)):
        change = dice.one_of(_CHANGES)
        if len(data) <= _LONGEST:
            data = change(dice, data, seeds, words)
    return data


def _stretch(dice: Dice, data: bytes) -> tuple[int, int]:
    """Return the ends of a short or long part."""
    start = dice.below(len(data) + 1)
    return start, min(len(data), start + 1 + dice.below(dice.one_of((4, 40, 400))))


def _flip(dice: Dice, data: bytes, _seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    if not data:
        return data
    place = dice.below(len(data))
    return data[:place] + bytes([data[place] ^ 1 << dice.below(8)]) + data[place + 1 :]


def _take_out(dice: Dice, data: bytes, _seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    start, end = _stretch(dice, data)
    return data[:start] + data[end:]


def _double(dice: Dice, data: bytes, _seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    start, end = _stretch(dice, data)
    return data[:end] + data[start:end] * dice.one_of((1, 1, 1, 2, 50)) + data[end:]


def _swap(dice: Dice, data: bytes, _seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    start, middle = _stretch(dice, data)
    end = min(len(data), middle + 1 + dice.below(40))
    return data[:start] + data[middle:end] + data[start:middle] + data[end:]


def _splice(dice: Dice, data: bytes, seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    other = dice.one_of(seeds)
    start, end = _stretch(dice, other)
    place = dice.below(len(data) + 1)
    return data[:place] + other[start:end] + data[place:]


def _put_in(dice: Dice, data: bytes, _seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    place = dice.below(len(data) + 1)
    return data[:place] + dice.one_of(words) + data[place:]


def _put_for(dice: Dice, data: bytes, _seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Put a nasty word in the place of one that stands there."""
    found = [match.span() for match in _WORD.finditer(data)]
    if not found:
        return dice.one_of(words)
    start, end = dice.one_of(found)
    return data[:start] + dice.one_of(words) + data[end:]


def _exchange(dice: Dice, data: bytes, _seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    """Put a word of the input in the place of another."""
    found = [match.span() for match in _WORD.finditer(data)]
    if not found:
        return data
    (start, end), (first, last) = dice.one_of(found), dice.one_of(found)
    return data[:start] + data[first:last] + data[end:]


def _lines(dice: Dice, data: bytes, _seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    """Take a line out, double it, or put it elsewhere."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    place = dice.below(len(lines))
    kind = dice.below(3)
    line = lines[place] if kind == 1 else lines.pop(place)
    if kind:
        lines.insert(dice.below(len(lines) + 1), line)
    return b"".join(lines)


def _cut(dice: Dice, data: bytes, _seeds: Sequence[bytes], _words: Sequence[bytes]) -> bytes:
    return data[: dice.below(len(data) + 1)]


_Change = Callable[[Dice, bytes, Sequence[bytes], Sequence[bytes]], bytes]
_WORDS_OFTEN: tuple[_Change, ...] = (_put_for, _put_for, _put_for, _exchange, _exchange, _put_in)
_LINES_OFTEN: tuple[_Change, ...] = (_lines, _lines, _lines)
_CHANGES: tuple[_Change, ...] = (
    *_WORDS_OFTEN,
    *_LINES_OFTEN,
    _flip,
    _take_out,
    _double,
    _swap,
    _splice,
    _cut,
)
