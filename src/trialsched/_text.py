"""What text may hold: shared by everything that stores or looks up a word."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from trialsched.errors import UnknownVisitError

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


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


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like this one, or '' when none is alike."""
    from difflib import get_close_matches  # noqa: PLC0415 - needed for a message only, and slow to import

    by_fold = {name.casefold(): name for name in known}
    found = get_close_matches(word[:100].casefold(), by_fold, n=1, cutoff=0.5)
    return by_fold[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean 'X'?" for the nearest known word, or ''."""
    name = nearest(word, known)
    return f"did you mean {name!r}?" if name else ""


def unknown_visit(code: object, known: Iterable[str]) -> UnknownVisitError:
    """Return the error for a visit code that is not known, naming the nearest one."""
    codes = tuple(known)
    hint = did_you_mean(str(code), codes) or f"there are {', '.join(codes[:20])}{' ...' if len(codes) > 20 else ''}"  # noqa: PLR2004
    return UnknownVisitError(f"no visit {code!r}; {hint}", where=str(code))
