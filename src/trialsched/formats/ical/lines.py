"""Content lines: escaped, folded, and taken apart again without changing a byte (RFC 5545, section 3.1).

A calendar program's file is cut into its components here, within limits, before anything reads what they say; what
a person added is kept as it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from trialsched._text import shown
from trialsched.errors import InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAX_LINE = 75  # octets, the line break not counted
END = "\r\n"
_MANY_RETURNS = re.compile(r"(?<!\r)\r*+\n")  # possessive, and from the first one: a run is looked at once
_BREAK = re.compile(r"\r\n(?![ \t])")  # RFC 5545, section 3.1: a break before a blank is a fold
# "Implementations need to unfold lines in such a way to properly restore the original sequence" of octets: RFC 5545,
# section 3.1, of programs that fold inside a character.
_FOLD_IN_CHARACTER = re.compile(rb"\r?\n[ \t](?=[\x80-\xbf])")
# The lines that begin and end components, whole, and the starts of lines folded so soon that they might be one.
_EDGE = re.compile(r"\r\n(BEGIN|END):[^\r]*(?:\r\n[ \t][^\r]*)*+", re.IGNORECASE)
_FOLDED_KEY = re.compile(r"\r\n[A-Za-z]{1,5}(?:(?:\r\n[ \t])++[A-Za-z:]{0,5}){1,6}")
_BLANK_LINES = re.compile(r"(?:\r\n){2,}+")  # possessive, here and above: what repeats takes no memory
_ZONED = re.compile(r"^[^\r\n]*;[ \t]*TZID=[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_BARE_TZID = re.compile(r';[ \t]*TZID=([^";]+)', re.IGNORECASE)
_ANY_TZID = re.compile(r';[ \t]*TZID=(?:"[^"]*"|[^";]*)', re.IGNORECASE)
_TIMES = re.compile(r"[0-9TZ,/PWDHMS+-]+")  # dates, times and periods: none holds a colon
_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAMETER = re.compile(r';[ \t]*([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]+|,)*+)')


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a calendar that is read may hold; a file past a limit is refused before anything reads it.

    `octets` of the whole file, `components` at its first level (events, time zones ...), `nesting` of components,
    `lines` of one component and `line` characters of one line, both unfolded, `steps` (days looked at) that
    repetitions may take together.
    """

    octets: int = 20_000_000
    components: int = 50_000
    nesting: int = 8
    lines: int = 10_000
    line: int = 20_000_000
    steps: int = 1_000_000


LIMITS = Limits()


def escape(text: str) -> str:
    """Escape a TEXT value: backslash, semicolon, comma and line break (RFC 5545, section 3.3.11)."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\n", "\\n")


def unescape(value: str) -> str:
    r"""Return the text of a TEXT value; a backslash before any other character stands for that character."""
    if "\\" not in value:
        return value
    out = []
    rest = iter(value)
    for character in rest:
        if character == "\\":
            character = next(rest, "\\")  # noqa: PLW2901 - the character that is meant
            out.append("\n" if character in "nN" else character)
        else:
            out.append(character)
    return "".join(out)


def fold(line: str) -> str:
    """Fold a content line at 75 octets, never inside a character."""
    if len(line) <= _MAX_LINE and line.isascii():
        return line
    data = line.encode()
    if len(data) <= _MAX_LINE:
        return line
    parts = []
    start, stop = 0, _MAX_LINE
    while stop < len(data):
        while data[stop] & 0xC0 == 0x80:  # noqa: PLR2004 - a continuation octet of UTF-8
            stop -= 1
        parts.append(data[start:stop])
        start, stop = stop, stop + _MAX_LINE - 1  # the blank of a folded line counts
    parts.append(data[start:])
    return b"\r\n ".join(parts).decode()


class Line(NamedTuple):
    """One content line: its name in upper case, parameters and value as they stand, and its bytes, folded.

    `fault` is what is wrong with a line that has not the form of one: it is kept, and told when it is asked for.
    """

    name: str
    parameters: dict[str, str]
    value: str
    raw: str
    fault: str = ""

    @property
    def text(self) -> str:
        """The value as TEXT."""
        return unescape(self.value)


class Block(NamedTuple):
    """One component as it stands in the file, from BEGIN to END, each line with its CRLF.

    `calendar` is the number of the VCALENDAR that it stands in.
    """

    name: str
    raw: str
    calendar: int = 0


class Cut(NamedTuple):
    """A file taken apart: the properties of each VCALENDAR itself, folded as they stand, and all components."""

    heads: tuple[tuple[str, ...], ...]
    blocks: tuple[Block, ...]

    @property
    def head(self) -> tuple[str, ...]:
        """The properties of the first VCALENDAR."""
        return self.heads[0] if self.heads else ()


def decoded(data: bytes | str, limits: Limits = LIMITS) -> str:
    """Return a file's text, with CRLF for every line break. Raises what `cut` raises."""
    if not isinstance(data, (str, bytes)):
        message = f"the bytes or text of a calendar are meant; read {shown(data)}"
        raise InvalidTypeError(message)
    if len(data) > limits.octets:
        message = (
            f"the file has more than {limits.octets:,} bytes: a calendar of that size is not read; attachments are most"
            " often what makes it so large: export it without them, or raise the limit"
        )
        raise InvalidValueError(message)
    text = _whole(data) if isinstance(data, str) else _utf8(data)
    text = text.removeprefix("\ufeff")
    if "\r\r\n" in text:  # written through text mode once or more
        text = _MANY_RETURNS.sub("\n", text)
    return text.replace(END, "\n").replace("\n", END)


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"not a calendar: half a character (a lone surrogate) at {error.start}"
        raise InvalidValueError(message) from None
    return text


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        return _FOLD_IN_CHARACTER.sub(b"", data).decode()
    except UnicodeDecodeError as error:
        utf16 = ", it looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        message = f"not a calendar: it is not UTF-8 text (byte {error.start}){utf16}"
        raise InvalidValueError(message) from None


def cut(data: bytes | str, limits: Limits = LIMITS) -> Cut:
    """Take a file apart into its head and its components, those of several VCALENDAR one after the other.

    Raises `InvalidTypeError`, and `InvalidValueError` for what is no calendar, is not the whole of one, or is past
    a limit.
    """
    text = END + decoded(data, limits)
    if END + END in text:
        text = _BLANK_LINES.sub(END, text)
    if _FOLDED_KEY.search(text):
        text = _FOLDED_KEY.sub(lambda found: END + unfold(found[0][2:]), text)
    cutting = _Cutting(text, limits)
    for edge in _EDGE.finditer(text):
        cutting.between(edge.start())
        if edge[1].upper() == "BEGIN":
            cutting.begin(_component(edge[0]), edge)
        else:
            cutting.end(_component(edge[0]), edge)
    return cutting.done()


class _Cutting:
    """Follows the components of a file: the calendar itself, those at its first level, those inside of them."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.names: list[str] = []  # of the components that are open
        self.start = 0  # of the one at the first level
        self.after = 0  # where the last line that began or ended one ends
        self.heads: list[list[str]] = []
        self.blocks: list[Block] = []

    def begin(self, name: str, edge: re.Match[str]) -> None:
        if not self.names and name != "VCALENDAR":
            message = f"not a calendar: it begins with {shown(name)!r}, not with BEGIN:VCALENDAR"
            raise InvalidValueError(message)
        if not self.names:
            self.heads.append([])
            self._not_too_many_components(len(self.heads))
        self.names.append(name)
        if len(self.names) > self.limits.nesting:
            message = f"components nested more than {self.limits.nesting} deep: the file is not read"
            raise InvalidValueError(message)
        if len(self.names) == 2:  # noqa: PLR2004 - of the first level
            self.start = edge.start() + len(END)
        self.after = edge.end()

    def end(self, name: str, edge: re.Match[str]) -> None:
        if not self.names or self.names[-1] != name:
            inside = f"inside {shown(self.names[-1])}" if self.names else "outside of any component"
            message = f"not a calendar: END:{shown(name)} stands {inside}"
            raise InvalidValueError(message)
        self.names.pop()
        self.after = edge.end()
        if len(self.names) == 1:
            raw = self.text[self.start : self.after] + END
            self._measured(raw)
            self.blocks.append(Block(name, raw, len(self.heads) - 1))
            self._not_too_many_components(len(self.blocks))

    def _not_too_many_components(self, count: int) -> None:
        if count > self.limits.components:
            message = f"more than {self.limits.components:,} events or other components: the file is not read"
            raise InvalidValueError(message)

    def between(self, stop: int) -> None:
        """Take the lines since the last one that began or ended a component."""
        if len(self.names) > 1 or stop - self.after <= len(END):  # nothing, or the break of the last line
            return
        lines = self._measured(self.text[self.after : stop])
        if self.names:
            self.heads[-1] += lines
            self._not_too_many(self.heads[-1])
        elif not self.heads:  # what programs write behind a calendar is no part of it
            found = next((line for line in lines if line.strip()), None)
            if found is not None:
                message = f"not a calendar: {shown(found)!r} stands outside of BEGIN:VCALENDAR and END:VCALENDAR"
                raise InvalidValueError(message)

    def _measured(self, raw: str) -> Iterable[str]:
        """Return lines that are within the limits, or still to be looked at when there are few."""
        if len(raw) > self.limits.line or raw.count(END) > self.limits.lines:
            lines = list(islice(_content(raw, self.limits.line), self.limits.lines + 1))
            self._not_too_many(lines)
            return lines
        return _content(raw, self.limits.line)

    def _not_too_many(self, lines: list[str]) -> None:
        if len(lines) > self.limits.lines:
            message = f"a component of more than {self.limits.lines:,} lines: the file is not read"
            raise InvalidValueError(message)

    def done(self) -> Cut:
        self.between(len(self.text))
        if self.names or not self.heads:
            message = "not a calendar, or not the whole of one: it does not end with END:VCALENDAR"
            raise InvalidValueError(message)
        return Cut(tuple(map(tuple, self.heads)), tuple(self.blocks))


def _content(text: str, longest: int) -> Iterator[str]:
    """Yield each content line as it stands, folded, without its last CRLF."""
    start = 0
    for found in _BREAK.finditer(text + END):
        stop = found.start()
        if stop - start > longest:
            message = f"a line of more than {longest:,} characters: the file is not read"
            raise InvalidValueError(message)
        if stop > start:
            yield text[start:stop]
        start = found.end()


def _component(line: str) -> str:
    return unfold(line).partition(":")[2].strip().upper()


def unfold(raw: str) -> str:
    """Join a folded line: a line break and the blank after it are taken out."""
    return raw.replace("\r\n ", "").replace("\r\n\t", "") if "\r" in raw else raw


_NONE: dict[str, str] = {}  # of nearly all lines; never changed


def read_line(raw: str) -> Line:
    """Read one folded line. Raises `InvalidValueError` for one that has no name or value."""
    line = unfold(raw)
    name, colon, value = line.partition(":")
    if colon and _NAME.fullmatch(name):
        return Line(name.upper(), _NONE, value, raw)
    # RFC 5545, section 3.1: name *(";" param-name "=" param-value *("," param-value)) ":" value
    begin = _NAME.match(line)
    at = begin.end() if begin else 0
    parameters = {}
    while at and (found := _PARAMETER.match(line, at)):
        parameters[found[1].upper()] = found[2].strip().replace('"', "")
        at = found.end()
    if begin is None or line[at : at + 1] != ":":
        message = f"not a line of a calendar: {shown(line)!r}"
        raise InvalidValueError(message)
    value = line[at + 1 :]
    if "TZID" in parameters and ":" in value:
        quoted = _colons_quoted(line)
        if quoted != line:
            return read_line(quoted)._replace(raw=raw)
    return Line(begin[0].upper(), parameters, value, raw)


def _colons_quoted(line: str) -> str:
    """Put quotes around a TZID that holds colons: Google writes `DTSTART;TZID=GMT+02:00:20260407T093000`.

    Dates and times hold none, so that what stands before the last colon is the TZID.
    """
    before, _, times = line.rpartition(":")
    if not _TIMES.fullmatch(times):
        return line
    quoted = _BARE_TZID.sub(r';TZID="\1"', before)
    return f"{quoted}:{times}"


def kept_line(raw: str) -> Line:
    """Read one folded line, or keep one that has not the form of a line, with its fault."""
    try:
        return read_line(raw)
    except InvalidValueError as error:
        begin = _NAME.match(unfold(raw))
        return Line(begin[0].upper() if begin else "", _NONE, "", raw, error.message)


def zone_name(text: str) -> str:
    """Return the name of a zone as it stands in a TZID, property or parameter, without what programs put around it."""
    return unescape(text).strip().strip('"').strip()


_CALLED = {"VCALENDAR": "the calendar itself", "VEVENT": "the event", "VTIMEZONE": "the time zone"}


class Properties(NamedTuple):
    """What stands in one component: its own lines in order, the components inside it, and what it is."""

    lines: tuple[Line, ...]
    inner: tuple[Block, ...]
    component: str = "VEVENT"

    def all(self, name: str) -> list[Line]:
        """Return the lines of a name."""
        return [line for line in self.lines if line.name == name]

    def one(self, name: str) -> Line | None:
        """Return the only line of a name, or None; equal repeats are one.

        Raises `InvalidValueError` for two that differ, and for a line that has not the form of one.
        """
        found = self.all(name)
        if not found:
            return None
        first = found[0]
        for line in found:
            if line.fault:
                raise InvalidValueError(line.fault)
            if (line.value, line.parameters) != (first.value, first.parameters):
                called = _CALLED.get(self.component, self.component)
                message = f"{called} has two {name} that differ: {shown(first.value)!r} and {shown(line.value)!r}"
                raise InvalidValueError(message)
        return first

    def text(self, name: str) -> str:
        """Return the text of the only line of a name, '' without one."""
        line = self.one(name)
        return line.text if line else ""


def properties(block: Block) -> Properties:
    """Read the lines of a component, keeping those inside it whole."""
    lines: list[Line] = []
    inner: list[Block] = []
    current: list[str] = []
    depth = 0
    for raw in _content(block.raw, len(block.raw)):
        key = raw[:6].upper()
        begins, ends = key == "BEGIN:", key.startswith("END:")
        depth += begins
        if depth > 1:
            current.append(raw)
        elif not begins and not ends:
            lines.append(kept_line(raw))
        depth -= ends
        if ends and depth == 1:
            inner.append(Block(_component(raw), END.join(current) + END))
            current = []
    return Properties(tuple(lines), tuple(inner), block.name)


def zoned_lines(raw: str) -> list[Line]:
    """Return the lines, of folded ones, that name a zone."""
    lines = map(kept_line, _ZONED.findall(unfold(raw)))
    return [line for line in lines if "TZID" in line.parameters]


def named_zones(raw: str) -> dict[str, None]:
    """Return the names of the zones that folded lines name, in order."""
    lines = {found.rpartition(":")[0]: found for found in _ZONED.findall(unfold(raw))}
    named = (kept_line(line).parameters.get("TZID") for line in lines.values())
    return dict.fromkeys(zone_name(name) for name in named if name is not None)


def zone_renamed(raw: str, names: dict[str, str]) -> str:
    """Return folded lines that name other zones than before; all else stays as it stands."""
    if not names:
        return raw
    return "".join(_line_renamed(line, names) + END for line in _content(raw, len(raw)))


def _line_renamed(raw: str, names: dict[str, str]) -> str:
    text = unfold(raw)
    if "TZID=" not in text.upper():
        return raw
    line = kept_line(raw)
    name = names.get(zone_name(line.parameters.get("TZID", "")))
    if name is None:
        return raw
    parameters = text[: len(text) - len(line.value) - 1]
    quoted = f'"{name}"' if re.search("[:;,]", name) else name
    return fold(f"{_ANY_TZID.sub(lambda _: f';TZID={quoted}', parameters, count=1)}:{line.value}")
