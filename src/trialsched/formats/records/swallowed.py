"""Rows that stand inside the quotes of a cell, because a quote was forgotten: told, since nobody would miss them."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final

from trialsched._text import nfc, unguarded
from trialsched.formats.records.model import NOTE
from trialsched.protocol import MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BREAK: Final = re.compile(r"\r\n|\r|\n")
_CODE: Final = re.compile(r"\w[\w.-]*")
_DAY_OR_TIME: Final = re.compile(r"[0-9]{1,4}[-./:] ?[0-9]")
_WORDS: Final = frozenset({*MODES, "attended", "missed", "withheld"})
_NO_FACTS: Final = frozenset({"subject", "visit", NOTE})


def rows_inside(cells: Iterable[str], header: Sequence[str], delimiter: str) -> Iterator[tuple[int, str]]:
    """Yield the rows that stand in cells of several lines: how many lines below the first, and the subject's code."""
    below = 0
    for cell in cells:
        for line in _BREAK.split(cell)[1:]:
            below += 1
            code = _subject_of(line, header, delimiter)
            if code:
                yield below, code


def _subject_of(line: str, header: Sequence[str], delimiter: str) -> str:
    """Return the code of the subject if a line looks like a row of the list, else nothing.

    It does when it has a code and a visit, and beside them a day, a time or a word of the list, or as
    many cells as the header has columns. Prose has a blank behind its commas.
    """
    if delimiter not in line:
        return ""
    cells = next(csv.reader([line], delimiter=delimiter), [])
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    if not values.get("subject") or not _CODE.fullmatch(values.get("visit", "V")):
        return ""
    facts = [text for name, text in values.items() if name not in _NO_FACTS]
    is_told = any(_DAY_OR_TIME.match(text) or text.casefold() in _WORDS for text in facts)
    is_whole = len(cells) >= len(header) and not any(cell.startswith(" ") for cell in cells)
    return unguarded(nfc(values["subject"])) if is_told or is_whole else ""
