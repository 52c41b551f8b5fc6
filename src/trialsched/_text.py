"""What text may hold: shared by everything that stores or looks up a word."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from trialsched.errors import UnknownVisitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST_LINE = 4000  # characters of a line that is printed
_SHOWN = 20
_READ = 200  # characters shown of what was read
_SHORT = 3
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
# What begins a formula: these signs, also as East Asian keyboards write them, behind what a spreadsheet
# takes off or for a quote. A tab or line break at the beginning is taken off too.
_FORMULA = "(?:[^\\S\t\r\n]|['\"\u200b\ufeff])*[=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b-]"
_PLAIN = re.compile(r"\w[^,;|\t\r\n]*")  # most cells
_RUNS_FIRST = re.compile(f"{_FORMULA}|['\"]*[\t\r\n]")
_RUNS_INSIDE = re.compile(f"([,;|\t\r\n])(?={_FORMULA})")
_GUARD_INSIDE = re.compile(f"([,;|\t\r\n])'(?={_FORMULA})")


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


def guarded(text: str, delimiter: str = "") -> str:
    """Return the text of a cell with apostrophes where a spreadsheet would begin a formula.

    That is at its beginning, and behind each separator and line break in it, since a spreadsheet of
    another locale separates cells there; not behind the `delimiter` of the file itself, which stands
    in quotes. A text with one anywhere has an apostrophe first, which is how `unguarded` knows it and
    gives the text back.

    >>> guarded("+48 22 123 45 67"), guarded("a;=1+1"), guarded("'tis")
    ("'+48 22 123 45 67", "'a;'=1+1", "'tis")
    """
    if _PLAIN.fullmatch(text):
        return text
    inside = _RUNS_INSIDE.sub(lambda found: found[0] if found[0] == delimiter else f"{found[0]}'", text)
    return text if inside == text and not _RUNS_FIRST.match(text) else f"'{inside}"


def unguarded(text: str) -> str:
    """Return the text of a cell without the apostrophes of `guarded`; one that people wrote stays as it is.

    >>> unguarded("'-5 kg"), unguarded("-5 kg"), unguarded("'a;'=1+1"), unguarded("'tis")
    ('-5 kg', '-5 kg', 'a;=1+1', "'tis")
    """
    if not text.startswith("'"):
        return text
    bare = _GUARD_INSIDE.sub(r"\1", text[1:])
    return bare if _RUNS_FIRST.match(bare) or guarded(bare) == text else text


# What steers a terminal or the layout of text, and shows nothing itself: control characters, ends of
# lines, marks of direction (Unicode Standard Annex 9), invisible letters and operators, tags, lone
# surrogates. Code points are listed, so that every version of Python finds the same ones.
_INVISIBLE_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
_UNPRINTED = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# The joiners belong to the spelling of scripts from Hebrew on, and to emoji; elsewhere they only hide.
_JOINER_THAT_HIDES = "(?<![\u0590-\u1fff\u2070-\U0010ffff])[\u200c\u200d]"
_ALONE = f"[{_UNPRINTED}{_INVISIBLE_LETTERS}]"
_UNSAFE = re.compile(f"{_ALONE}|{_JOINER_THAT_HIDES}|(?<={_ALONE})[\u200c\u200d]")
_MARKS = 8  # on one letter: no spelling needs more, a flood of them paints over other lines
_MAYBE_MARKS = re.compile(rf"[^\x00-\x7f]{{{_MARKS + 1},}}")


def printable(text: str, longest: int | None = LONGEST_LINE) -> str:
    r"""Return a text as one line that is safe to print: what steers a terminal or a line is named, `<U+001B>`.

    That is control characters, line breaks, marks of direction, what is invisible, lone surrogates, and more than
    eight marks on one letter. Letters of every script stay as they are. A text of more than `longest` characters is
    cut, and its length is said.

    >>> printable("Łódź \x1b[2K"), printable("ab" * 4, 4)
    ('Łódź <U+001B>[2K', 'abab... (8 characters)')
    """
    head = text if longest is None else text[: longest + 1]
    safe = head if head.isascii() else _MAYBE_MARKS.sub(_with_few_marks, head)
    if not _is_safe(safe):
        safe = _UNSAFE.sub(_named, safe)
    if longest is None or len(safe) <= longest:
        return safe
    return f"{safe[:longest]}... ({len(text):,} characters)"


def _is_safe(text: str) -> bool:
    """Return whether nothing in a text is unsafe, where that is quickly told."""
    if not text.isprintable():
        return False
    return text.isascii() or not any(letter in text for letter in _INVISIBLE_LETTERS)


def _named(found: re.Match[str]) -> str:
    return f"<U+{ord(found[0]):04X}>"


def _with_few_marks(found: re.Match[str]) -> str:
    parts = []
    marks = 0
    for character in found[0]:
        if unicodedata.category(character).startswith("M"):
            marks += 1
        elif character not in "\u200c\u200d":
            marks = 0
        parts.append(character if marks <= _MARKS else f"<U+{ord(character):04X}>")
    return "".join(parts)


def json_text(value: object, *, indent: int | None = None) -> str:
    r"""Return a value as JSON. What `printable` would name stands as an escape; the value is the same.

    >>> print(json_text("Łódź \u202e"))
    "Łódź \u202e"
    """
    import json

    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _escaped(text, lambda character: json.dumps(character)[1:-1])


def toml_text(document: str) -> str:
    """Return a TOML document of basic strings with escapes for what `printable` would name."""
    return _escaped(document, lambda character: f"\\U{ord(character):08X}")


def _escaped(document: str, escape: Callable[[str], str]) -> str:
    """Return a document whose line feeds are its own, everything else that is unsafe escaped."""
    if _is_safe(document.replace("\n", "")):
        return document
    lines = document.split("\n")
    return "\n".join(_UNSAFE.sub(lambda found: escape(found[0]), line) for line in lines)


def shown(value: object) -> str:
    """Return what was read in words, safe to print: a text as `printable`, else as Python writes it, cut when long."""
    try:
        words = value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # an integer of too many digits, lists without an end
        words = f"{type(value).__name__} too long to be printed"
    safe = printable(words[: _READ + 1], None)
    return safe if len(safe) <= _READ else f"{safe[:_READ]}..."


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
    return UnknownVisitError(f"no visit {code!r}; {hint}", where=shown(code))
