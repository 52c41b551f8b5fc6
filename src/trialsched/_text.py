"""What text may hold: shared by everything that stores or looks up a word."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

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
    found = get_close_matches(word[:100].casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean 'X'?" for the nearest known word, or ''."""
    name = nearest(word, known)
    return f"did you mean {name!r}?" if name else ""
