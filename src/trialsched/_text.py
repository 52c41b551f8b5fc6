"""What text may hold: shared by everything that stores or looks up a word."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from trialsched.errors import UnknownVisitError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 20
_READ = 200  # characters shown of what was read
_SHORT = 3
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_WOULD_RUN = re.compile("'*[=+@\t\r-]")  # with the apostrophes that would be taken for guards


def unprintable(text: str) -> str:
    """Name the first control character, lone surrogate or line separator of a text, or return ''."""
    if text.isprintable():
        return ""
    for character in text:
        if unicodedata.category(character) in _UNPRINTABLE:
            return f"U+{ord(character):04X}"
    return ""


def nfc(text: str) -> str:
    """Return the text in Unicode normalisation form C."""
    return unicodedata.normalize("NFC", text)


def guarded(text: str) -> str:
    """Return the text of a cell with a leading apostrophe when a spreadsheet would run it, as a formula.

    That is when it begins with `=`, `+`, `-`, `@`, a tab or a carriage return; apostrophes before one of them count
    as guards, and get one more. `unguarded` gives the text back.

    >>> guarded("+48 22 123 45 67"), guarded("'tis")
    ("'+48 22 123 45 67", "'tis")
    """
    return f"'{text}" if _WOULD_RUN.match(text) else text


def unguarded(text: str) -> str:
    """Return the text of a cell without the apostrophe of `guarded`; a text without one stays as it is.

    >>> unguarded("'-5 kg"), unguarded("-5 kg"), unguarded("'tis")
    ('-5 kg', '-5 kg', "'tis")
    """
    return text[1:] if text[:1] == "'" and _WOULD_RUN.match(text) else text


def shown(value: object) -> str:
    """Return what was read in words: a text as it is, anything else as Python writes it, cut when long."""
    try:
        words = value if isinstance(value, str) else repr(value)
    except ValueError:  # an integer of more digits than Python prints
        words = f"{type(value).__name__} too long to be printed"
    return words if len(words) <= _READ else f"{words[:_READ]}..."


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like this one, or '' when none is alike."""
    from difflib import get_close_matches

    by_fold = {name.casefold(): name for name in known}
    likeness = 0.5 if len(word) <= _SHORT else 0.6  # 'DO' for 'D0' is half alike
    found = get_close_matches(word[:100].casefold(), by_fold, n=1, cutoff=likeness)
    return by_fold[found[0]] if found else ""


def nearest_or(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return "'X', the nearest one" for the nearest known word, else the other text."""
    name = nearest(word, known)
    return f"{name!r}, the nearest one" if name else otherwise


def unknown_visit(code: object, known: Iterable[str]) -> UnknownVisitError:
    """Return the error for a visit code that is not known, naming the nearest one."""
    codes = tuple(known)
    some = ", ".join(codes[:_SHOWN]) + (" ..." if len(codes) > _SHOWN else "")
    name = nearest(str(code), codes)
    hint = f"did you mean {name!r}?" if name else f"there are {some}"
    return UnknownVisitError(f"no visit {code!r}; {hint}", where=str(code))
