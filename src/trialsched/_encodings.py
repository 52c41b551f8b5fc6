"""What to say of bytes that are not UTF-8: the line, and the encoding that they look like. Nothing is decoded so."""

from __future__ import annotations

import codecs
import re
from typing import Final

from trialsched._text import shown
from trialsched.errors import InvalidValueError

UTF16: Final = "UTF-16"
_LINE_END = re.compile(rb"\r\n?|\n")
_POLISH: Final = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ")


def what_it_is(error: UnicodeDecodeError, before: int = 0) -> tuple[int, str]:
    """Return the line, from 1, of what is not UTF-8, met after so many whole lines, and what they are in words."""
    data = error.object
    if not before and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return 1, UTF16
    ends = [match.end() for match in _LINE_END.finditer(data, 0, error.start)]
    ending = _LINE_END.search(data, error.start)
    line = data[ends[-1] if ends else 0 : ending.start() if ending else len(data)]
    try:
        words = line.decode("cp1250").split()
    except UnicodeDecodeError:
        words = []
    found = next((word for word in re.findall(r"\w+", " ".join(words)) if not _POLISH.isdisjoint(word)), "")
    like = f", it looks like Windows-1250 ({shown(found)!r})" if found else ""
    return before + len(ends) + 1, f"not UTF-8{like}"


def utf16(text: str) -> bool:
    """Return whether a text that was read as UTF-8 is UTF-16 without a mark: its first line has a NUL."""
    return "\0" in text.partition("\n")[0]


def not_utf8(error: UnicodeDecodeError | None = None, before: int = 0) -> InvalidValueError:
    """Return the error for a list that is not UTF-8, in Excel's names; without one, for `utf16` text."""
    line, words = (1, UTF16) if error is None else what_it_is(error, before)
    named = f'{words}, which Excel calls "Unicode Text"' if words == UTF16 else words
    return InvalidValueError(f'{named}: save the file as "CSV UTF-8"', where=f"line {line}")
