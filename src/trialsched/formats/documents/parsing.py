"""What every kind of document has in common: TOML or JSON, limits, keys, problems with their places."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from trialsched import _json
from trialsched._encodings import UTF16, utf16, what_it_is
from trialsched._text import nearest_or, shown, unprintable
from trialsched.errors import InvalidTypeError, InvalidValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from os import PathLike

    from trialsched.protocol import Found

Format = Literal["toml", "json"]

MAX_BYTES = 1_000_000
MAX_LEVELS = 32
_HINTS = 100  # unknown keys for which the nearest one is sought
# Keys of many dots are found before tomllib, which takes quadratic time for them. Strings and comments of TOML as its
# reader meets them, from the left; each takes what it began with to its end, so that nothing is looked at twice.
_QUOTED = re.compile(
    r"""
    ["]{3} (?: [^"\\] | \\. | "(?!"") )*+ (?: ["]{3,5}+ | \\?\Z )
    | '{3} (?: [^'] | '(?!'') )*+ (?: '{3,5}+ | \Z )
    | " (?: [^"\\\n] | \\[^\n] )*+ "?+
    | ' [^'\n]*+ '?+
    | [#] [^\n]*+
    """,
    re.VERBOSE | re.DOTALL,
)
_DATED = re.compile(r"[=\[,]\s*(\d{4}([./-])\d\d?\2\d\d?|\d\d?([./-])\d\d?\3\d{4})(?![\w./-])")
_DOTTED = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){33}")


def read_file(source: str | PathLike[str], kind: str) -> tuple[bytes, Format]:
    """Return the bytes of a `.toml` or `.json` file, one past the limit at most, and its format.

    Raises `InvalidValueError` for another name, `OSError` for a file that cannot be read.
    """
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise InvalidValueError(f"read {path.name!r}: a {kind} document ends in .toml or .json", where=kind)
    if "\0" in str(path):
        raise InvalidValueError(f"read {str(path)!r}: no file has such a name", where=kind)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1), "json" if suffix == ".json" else "toml"


def check_format(form: str) -> None:
    """Refuse a format that is neither 'toml' nor 'json'."""
    if form not in get_args(Format):
        message = f"read {form!r}, expected {' or '.join(map(repr, get_args(Format)))}"
        raise InvalidValueError(message, where="format")


def parse(found: Found, data: str | bytes, form: Format, kind: str) -> dict[str, Any] | None:
    """Return the document's table, or None when there is nothing to read; note what is wrong with it."""
    check_format(form)
    text = _text_of(found, data)
    if text is None:
        return None
    raw: Any = None
    deep = form == "toml" and _DOTTED.search(_unquoted(text)) is not None
    try:
        if not deep:
            raw = _json.parse(text) if form == "json" else tomllib.loads(text)
    except RecursionError:
        deep = True
    except ValueError as error:
        place = re.search(r"line (\d+),? column \d+", str(error))
        where = place[0] if place else ""
        day = _no_day(text, int(place[1])) if place and form == "toml" else ""
        if day:
            found.add(where, day, "a day of the calendar as YYYY-MM-DD", "not TOML: no date")
        else:
            reason = re.sub(r" \(at .*\)$", "", _in_words(error))
            found.add(where, "", f"a {form.upper()} document", f"not {form.upper()}: {reason}")
        return None
    if deep:
        found.add("", "", f"at most {MAX_LEVELS} levels", "the document is nested too deeply")
        return None
    if not isinstance(raw, dict):
        found.add("", type(raw).__name__, "a table of keys", f"not a {kind} document")
        return None
    for where, level, value in walk(raw):
        if level > MAX_LEVELS:
            found.add(where[:80], "", f"at most {MAX_LEVELS} levels", "the document is nested too deeply")
            return None
        if isinstance(value, dict):
            check_keys(found, where, value)
    return raw


def _text_of(found: Found, data: str | bytes) -> str | None:
    if not isinstance(data, (str, bytes)):
        raise InvalidTypeError(f"the bytes or text of a document are meant; read {shown(data)}")
    size = len(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    if size > MAX_BYTES:
        found.add("", f"{size} bytes or more", f"at most {MAX_BYTES} bytes", "the document is too large")
        return None
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, words = what_it_is(error)
    else:
        if not utf16(text):
            return text
        line, words = 1, UTF16
    found.add(f"line {line}", "", "", f"{words}: save the document as UTF-8")
    return None


def _in_words(error: ValueError) -> str:
    """Return what a reader of TOML or JSON says, and of Python's limit for whole numbers what it means."""
    if str(error).startswith("Exceeds the limit"):
        return "a whole number of more than 4,300 digits"
    return str(error)


def _unquoted(text: str) -> str:
    """Return TOML with every string as one letter, without comments."""
    return _QUOTED.sub(lambda match: "" if match[0].startswith("#") else "Q", text)


def _no_day(text: str, line: int) -> str:
    """Return the value on a line of TOML that looks like a date and is none, or ''."""
    there = _unquoted(text.split("\n")[line - 1])
    for match in _DATED.finditer(there):
        try:
            date.fromisoformat(match[1])
        except ValueError:
            return match[1]
    return ""


def check_keys(found: Found, where: str, table: dict[str, Any]) -> None:
    """Note keys that stand twice, and take out those that are no text (half of a surrogate pair)."""
    for name in sorted(getattr(table, "twice", ())):
        found.add(f"{where}.{name}".removeprefix("."), name, "each key once", "the key stands twice")
    for name in [name for name in table if unprintable(name)]:
        found.add(where, ascii(name), "a key of this table", f"the key holds {unprintable(name)}")
        del table[name]


def walk(raw: dict[str, Any]) -> Iterator[tuple[str, int, object]]:
    """Yield (place, level, value) of every table and list, without recursion."""
    waiting: list[tuple[str, int, dict[str, Any] | list[Any]]] = [("", 1, raw)]
    while waiting:
        where, level, value = waiting.pop()
        yield where, level, value
        if level <= MAX_LEVELS:
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            below = [(key, item) for key, item in inner if isinstance(item, (dict, list))]
            waiting += [(place((where, key)), level + 1, item) for key, item in below]


def place(parts: tuple[str | int, ...]) -> str:
    """Return the place of a value: its keys with dots, its places in lists in brackets (`visits[3].window`)."""
    words = ""
    for part in parts:
        words += f"[{part}]" if isinstance(part, int) else f".{part[:80]}"
    return words.lstrip(".")


_EXPECTED = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date as YYYY-MM-DD",
}


class Kind(NamedTuple):
    """What a kind of document has of its own: its name, its schema, and what is said of its keys.

    `forms` is what the text of a key may be, `other_form` what it is for keys that have no form there; `types` what
    type of value a key has, where pydantic does not tell; `tags` are pydantic's own words in its places.
    """

    name: str
    schema: str
    forms: Mapping[str, str] = MappingProxyType({})
    other_form: str = ""
    types: Mapping[str, str] = MappingProxyType({})
    tags: Collection[str] = ()


def note(found: Found, kind: Kind, error: Any, known: Mapping[tuple[Any, ...], set[str]], where: str = "") -> None:  # noqa: ANN401 - pydantic's own dictionary
    """Note what pydantic found wrong with a table that stands at `where`.

    `known` has the keys of the table, and those of the tables in it by their place.
    """
    loc = tuple(part for part in error["loc"] if part not in kind.tags)
    there = place((where, *loc)) if where else place(loc)
    fault, read = error["type"], error["input"]
    name = str(loc[-1]) if loc else ""
    if fault == "missing":
        found.add(there, "", f"the key {name!r}", "the key is missing")
    elif fault == "extra_forbidden":
        keys = known[loc[:-1]]
        near = keys if len(found.problems) < _HINTS else ()
        hint = nearest_or(name, near, f"one of {', '.join(sorted(keys))}")
        found.add(there, name, hint, "unknown key")
    elif fault == "literal_error":
        if name == "schema":
            found.add(there, read, repr(kind.schema), "not a document that this version reads")
        else:
            found.add(there, read, error["ctx"]["expected"], "not one of the choices")
    elif fault == "string_pattern_mismatch":
        found.add(there, read, kind.forms.get(name, kind.other_form), "not in the form of this key")
    elif fault in ("greater_than_equal", "less_than_equal"):
        found.add(there, read, "a whole number from 1 to 1000", "out of bounds")
    else:
        types = [kind.types[part] for part in loc if part in kind.types]
        expected = types[0] if types else _EXPECTED.get(fault, "")
        message = "of another type" if expected else str(error["msg"]).removeprefix("Value error, ")
        found.add(there, read, expected, message)


def in_order(problems: Sequence[Problem], raw: Mapping[str, Any]) -> list[Problem]:
    """Return the problems in the order of the document, each once; those of missing keys come first."""
    places: list[str] = []
    for key, value in raw.items():
        places.append(place((key,)))
        if isinstance(value, dict):
            places += [place((key, inner)) for inner in value]
    rank = {there: number for number, there in enumerate(places)}

    def of(problem: Problem) -> int:
        return rank.get(problem.where, rank.get(problem.where.partition("[")[0], -1))

    return sorted(dict.fromkeys(problems), key=of)
