"""What a protocol is made of: visits, their timing, cycles, spacings, eligibility rules. Frozen, always valid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, get_args

from trialsched._text import nfc, unprintable
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import Offset, Window
from trialsched.protocol.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trialsched.offsets import OffsetLike

Mode = Literal["on-site", "phone", "video", "home"]
CountsFrom = Literal["reference", "target"]
CycleOrigin = Literal["first", "previous"]
Comparison = Literal["at_least", "more_than", "less_than", "not_within"]

MODES: tuple[Mode, ...] = get_args(Mode)
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
MAX_VISITS = 1000
OCCURRENCE = "{n}"
_MAX_NUMBER = 10**9

CODE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
CODE_FORM = "a letter, then letters, digits, '.', '_' or '-', 64 at most"
_WHEN = re.compile(r"\s*(.+?)\s+(before|after)\s+(\S+)\s*", re.DOTALL)
_ON = re.compile(r"\s*on\s+(\S+)\s*")
_WHEN_FORM = "such as '30 days after DOSE1', '90 days before DOSE1' or 'on DOSE1'"
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_TEXT_LENGTH = 2000


def plain_text(value: object, where: str) -> str:
    """Return a text in NFC, one line, not blank; raise otherwise."""
    if not isinstance(value, str):
        raise InvalidTypeError(f"a text is meant; read {value!r}", where=where)
    value = nfc(value)
    bad = unprintable(value)
    if bad:
        raise InvalidValueError(f"the text holds {bad}, a control character or line break", where=where)
    if not value.strip() or value != value.strip() or len(value) > _TEXT_LENGTH:
        message = f"a text of 1 to {_TEXT_LENGTH} characters without blanks at its ends is meant"
        raise InvalidValueError(message, where=where)
    return value


class Texts(Mapping[str, str]):
    """The same text in several languages, by language tag ('en', 'pl'); immutable and hashable.

    >>> Texts({"en": "Dose 1", "pl": "Dawka 1"})["pl"]
    'Dawka 1'
    """

    __slots__ = ("_pairs",)
    _pairs: dict[str, str]

    def __init__(self, texts: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        """Take a mapping of language tag to text; both are checked, the order does not matter."""
        found = Found()
        pairs = {}
        try:
            items = sorted(dict(texts).items(), key=str)
        except (TypeError, ValueError):
            raise InvalidTypeError(f"texts by language tag are meant, as {{'en': '...'}}; read {texts!r}") from None
        for language, text in items:
            if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
                found.add(str(language), language, "a language tag such as 'en' or 'pl'", "not a language tag")
            pairs[language] = found.attempt(str(language), text, plain_text, text, "") or ""
        found.finish()
        self._pairs = pairs

    def __getitem__(self, language: str) -> str:
        """Return the text in a language. Raises `KeyError`."""
        return self._pairs[language]

    def __iter__(self) -> Iterator[str]:
        """Yield the languages in alphabetical order."""
        return iter(self._pairs)

    def __len__(self) -> int:
        """Return the number of languages."""
        return len(self._pairs)

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(tuple(self._pairs.items()))

    def __repr__(self) -> str:
        """Print as it is made."""
        return f"Texts({self._pairs!r})"

    def __reduce__(self) -> tuple[type[Texts], tuple[dict[str, str]]]:
        """Rebuild from the content."""
        return (Texts, (dict(self._pairs),))

    def best(self, language: str = "en") -> str:
        """Return the text in that language, else in English, else in the first language, else ''."""
        for tag in (language, "en", *self._pairs):
            if tag in self._pairs:
                return self._pairs[tag]
        return ""


def is_code(value: object) -> bool:
    """Return whether a value is a visit code, where one `{n}` may stand for the number of a cycle."""
    return isinstance(value, str) and CODE.fullmatch(value.replace(OCCURRENCE, "1", 1)) is not None


def _set(owner: object, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(owner, name, value)


def _flag(found: Found, where: str, value: object) -> None:
    if type(value) is not bool:
        found.add(where, value, "true or false", "not a truth value")


def _choice(found: Found, where: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        found.add(where, value, " or ".join(map(repr, choices)), "not one of the choices")


def _code(found: Found, where: str, value: object) -> None:
    if not is_code(value):
        found.add(where, value, CODE_FORM, "not a visit code")


def _positive(found: Found, where: str, value: OffsetLike) -> Offset | None:
    offset = found.attempt(where, value, Offset.of, value)
    if offset is not None and (not offset or offset.months < 0 or offset.days < 0):
        found.add(where, str(value), "an offset of more than zero, such as '28 days'", "not a length of time")
    return offset


def as_tuple(found: Found, where: str, values: object) -> tuple[Any, ...]:
    """Return a sequence as a tuple; a lone text is no sequence."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        found.add(where, values, "a list", "not a list")
        return ()
    return tuple(values)


@dataclass(frozen=True, slots=True, init=False)
class When:
    """A day counted from another visit: `offset` after the visit `visit` (before it when negative).

    >>> When.of("90 days before DOSE1")
    When(offset=Offset(months=0, days=-90), visit='DOSE1')
    """

    offset: Offset
    visit: str

    def __init__(self, offset: OffsetLike, visit: str) -> None:
        """Take anything that `Offset.of` takes, and a visit code."""
        found = Found()
        value = found.attempt("offset", offset, Offset.of, offset)
        _code(found, "visit", visit)
        found.finish()
        _set(self, offset=value, visit=visit)

    @classmethod
    def of(cls, value: When | str) -> When:
        """Take a When, or '<offset> after CODE', '<offset> before CODE', 'on CODE'."""
        if isinstance(value, When):
            return value
        if not isinstance(value, str):
            raise InvalidTypeError(f"read {value!r}, expected a time {_WHEN_FORM}")
        value = " ".join(value[:_TEXT_LENGTH].split())  # blanks as one, or the patterns take their time
        on = _ON.fullmatch(value)
        if on:
            return cls(Offset(), on[1])
        match = _WHEN.fullmatch(value)
        if match is None:
            raise InvalidValueError(f"not a time counted from a visit {_WHEN_FORM}")
        offset = Offset.parse(match[1])
        if offset.months < 0 or offset.days < 0:
            raise InvalidValueError("the direction is said by 'before' or 'after', not by a sign")
        return cls(-offset if match[2] == "before" else offset, match[3])

    def __str__(self) -> str:
        """Print the canonical form, which `of` reads back."""
        if not self.offset:
            return f"on {self.visit}"
        if self.offset.months < 0 or self.offset.days < 0:
            return f"{-self.offset} before {self.visit}"
        return f"{self.offset} after {self.visit}"


class Written(NamedTuple):
    """A timing in the document's own words; None for what was given as a value, or not at all."""

    when: str | None = None
    window: str | None = None
    not_before: str | None = None
    not_after: str | None = None


def _words(value: object) -> str | None:
    return " ".join(value.split()) if isinstance(value, str) else None


@dataclass(frozen=True, slots=True, init=False)
class Timing:
    """When a visit is asked for, and how far from that day it may be.

    `when` is None for the anchor visit only. `window` is what the protocol states; with `assumed` it is a
    working window that the protocol does not state. `counts_from="target"` counts from the other visit's
    target whatever happened. `not_before` and `not_after` cut the window, their own day included.
    `written` has what was given as text word for word ("4 weeks after DOSE1"); it is no part of the value.

    >>> str(Timing("30 days after DOSE1", window="±7 days").window)
    '±7 days'
    """

    when: When | None
    window: Window | None
    assumed: bool
    counts_from: CountsFrom
    not_before: When | None
    not_after: When | None
    written: Written = field(init=False, compare=False, repr=False)

    def __init__(  # noqa: PLR0913 - the parts of one sentence of a protocol
        self,
        when: When | str | None = None,
        *,
        window: Window | str | None = None,
        assumed: bool = False,
        counts_from: CountsFrom = "reference",
        not_before: When | str | None = None,
        not_after: When | str | None = None,
    ) -> None:
        """Take the values, or their texts."""
        found = Found()
        times: dict[str, When | None] = {}
        for name, value in (("when", when), ("not_before", not_before), ("not_after", not_after)):
            read = None if value is None else found.attempt(name, value, When.of, value)
            times[name] = read
        shape = None if window is None else found.attempt("window", window, Window.of, window)
        _flag(found, "assumed", assumed)
        if assumed is True and window is None:
            found.add("assumed", assumed, "a window", "there is no window to be assumed")
        _choice(found, "counts_from", counts_from, get_args(CountsFrom))
        if when is None and counts_from == "target":
            found.add("counts_from", counts_from, "a `when`", "there is nothing to count from")
        for name in ("not_before", "not_after"):
            if times[name] is not None and window is None:
                found.add(name, str(times[name]), "a window for the limit to cut", "a limit on a visit without window")
        found.finish()
        _set(self, **times, window=shape, assumed=assumed, counts_from=counts_from)
        _set(self, written=Written(_words(when), _words(window), _words(not_before), _words(not_after)))


@dataclass(frozen=True, slots=True, init=False)
class Repeat:
    """A cycle: the visit comes `times` times, `every` so often.

    With `origin="first"` occurrence n is the visit's `when` plus (n-1) times `every`, months and days multiplied
    apart, counted from the same reference. With `origin="previous"` it is `every` after occurrence n-1.
    """

    every: Offset
    times: int
    origin: CycleOrigin
    written: str | None = field(init=False, compare=False, repr=False)
    """`every` in the document's own words, None where it was given as a value."""

    def __init__(self, every: OffsetLike, times: int, origin: CycleOrigin = "first") -> None:
        """Take a positive offset, a number from 1 to 1000, and the origin."""
        found = Found()
        offset = _positive(found, "every", every)
        if type(times) is not int or not 1 <= times <= MAX_VISITS:
            found.add("times", times, f"a whole number from 1 to {MAX_VISITS}", "not a number of times")
        _choice(found, "from", origin, get_args(CycleOrigin))
        found.finish()
        _set(self, every=offset, times=times, origin=origin, written=_words(every))


@dataclass(frozen=True, slots=True, init=False)
class Numbering:
    """SDTM's planned numbers of a visit: VISITNUM and VISITDY (never 0); for a cycle, one per occurrence.

    CDISC SDTM: VISITNUM orders the visits, VISITDY is the planned study day.
    """

    number: int | float | tuple[int | float, ...] | None
    nominal_day: int | tuple[int, ...] | None

    def __init__(
        self,
        number: float | tuple[int | float, ...] | None = None,
        nominal_day: int | tuple[int, ...] | None = None,
    ) -> None:
        """Take numbers, or tuples of numbers for a cycle."""
        found = Found()
        for where, value, kinds in (("number", number, (int, float)), ("nominal_day", nominal_day, (int,))):
            listed = isinstance(value, (tuple, list))
            for index, item in enumerate(value if isinstance(value, (tuple, list)) else (value,)):
                place = f"{where}[{index}]" if listed else where
                if item is None and not listed:
                    continue
                if item is None or type(item) not in kinds or not abs(item) <= _MAX_NUMBER:  # NaN is not either
                    found.add(place, item, "a number" if where == "number" else "a whole number", "not a number")
                elif where == "nominal_day" and item == 0:
                    found.add(place, item, "1 for day zero, -1 for the day before", "there is no study day 0")
        found.finish()
        number = tuple(map(_integral, number)) if isinstance(number, (tuple, list)) else _integral(number)
        _set(self, number=number, nominal_day=tuple(nominal_day) if isinstance(nominal_day, list) else nominal_day)

    def of(self, occurrence: int) -> Numbering:
        """Return the numbers of one occurrence, counted from 0; None past the end of a list."""
        return Numbering(_nth(self.number, occurrence), _nth(self.nominal_day, occurrence))


def _nth(value: Any, occurrence: int) -> Any:  # noqa: ANN401 - one number, or one of a tuple's
    return next(iter(value[occurrence:]), None) if isinstance(value, tuple) else value


def _integral(number: Any) -> Any:  # noqa: ANN401 - int, float or None, and the same back
    return int(number) if isinstance(number, float) and number.is_integer() else number


@dataclass(frozen=True, slots=True, init=False)
class Visit:
    """A planned contact. `code` is unique in its protocol; `{n}` in it stands for the number of a cycle.

    `repeat` is a `Repeat`, or the code of the visit whose cycle this one travels with. Without `arms` the visit
    belongs to every arm. The anchor visit has no `timing.when`. Raises `ProtocolError`.
    """

    code: str
    mode: Mode
    timing: Timing
    repeat: Repeat | str | None
    arms: tuple[str, ...]
    epoch: str | None
    label: Texts
    procedures: tuple[str, ...]
    numbering: Numbering

    def __init__(  # noqa: PLR0913 - grouped as far as the words of the field go
        self,
        code: str,
        mode: Mode,
        timing: Timing | str | None = None,
        *,
        repeat: Repeat | str | None = None,
        arms: Iterable[str] = (),
        epoch: str | None = None,
        label: Mapping[str, str] = Texts(),
        procedures: Iterable[str] = (),
        numbering: Numbering = Numbering(),
    ) -> None:
        """Take the parts; a text as `timing` is its `when`."""
        found = Found()
        _code(found, "code", code)
        _choice(found, "mode", mode, MODES)
        timed = timing if isinstance(timing, Timing) else None
        if timing is None or isinstance(timing, str):
            timed = found.attempt("", timing, Timing, timing)
        elif timed is None:
            found.add("timing", timing, "a Timing", "not a timing")
        if repeat is not None and not isinstance(repeat, Repeat):
            _code(found, "repeat", repeat)
        if isinstance(code, str) and (OCCURRENCE in code) != (repeat is not None):
            message = "a repeated visit has '{n}' in its code, and only a repeated one has"
            found.add("code", code, "a code such as 'C{n}D1'" if repeat else "`repeat`", message)
        texts = found.attempt("label", label, Texts, label)
        epoch = None if epoch is None else found.attempt("epoch", epoch, plain_text, epoch, "")
        names = {"arms": as_tuple(found, "arms", arms), "procedures": as_tuple(found, "procedures", procedures)}
        for where, items in names.items():
            names[where] = unique_texts(found, where, items)
        if not isinstance(numbering, Numbering):
            found.add("numbering", numbering, "a Numbering", "not a numbering")
        else:
            _check_numbering(found, numbering, repeat)
        found.finish()
        _set(self, code=code, mode=mode, timing=timed, repeat=repeat, **names)
        _set(self, epoch=epoch, label=texts, numbering=numbering)


def unique_texts(found: Found, where: str, items: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the texts in NFC, noting what is no text and what stands twice."""
    texts: dict[str, None] = {}
    for index, item in enumerate(items):
        text = found.attempt(f"{where}[{index}]", item, plain_text, item, "")
        if text is not None and text in texts:
            found.add(f"{where}[{index}]", text, "each once", "stands twice")
        texts[text or ""] = None
    return tuple(texts)


def _check_numbering(found: Found, numbering: Numbering, repeat: Repeat | str | None) -> None:
    for where, value in (("number", numbering.number), ("nominal_day", numbering.nominal_day)):
        if isinstance(value, tuple):
            if repeat is None:
                found.add(where, list(value), "one number", "a list belongs to a repeated visit")
            elif isinstance(repeat, Repeat) and len(value) != repeat.times:
                found.add(where, list(value), f"{repeat.times} numbers", "one number for each occurrence")
        elif value is not None and repeat is not None:
            found.add(where, value, "a list, one number for each occurrence", "one number for a repeated visit")


@dataclass(frozen=True, slots=True, init=False)
class Spacing:
    """The shortest time between two attended visits; `assumed` when the protocol does not state it."""

    first: str
    second: str
    at_least: Offset
    assumed: bool

    def __init__(self, first: str, second: str, at_least: OffsetLike, assumed: bool = False) -> None:  # noqa: FBT001, FBT002
        """Take two visit codes and a positive offset."""
        found = Found()
        _code(found, "from", first)
        _code(found, "to", second)
        offset = _positive(found, "at_least", at_least)
        _flag(found, "assumed", assumed)
        found.finish()
        _set(self, first=first, second=second, at_least=offset, assumed=assumed)


@dataclass(frozen=True, slots=True, init=False)
class EligibilityRule:
    """What a date can decide: how long before the reference date a dated fact of the person must lie.

    `comparison` is `at_least`, `more_than`, `less_than` or `not_within`; `period` is counted forward from the
    fact. `reference` is 'baseline' or a visit code; None leaves it to the caller, by default the baseline.
    """

    id: str
    fact: str
    comparison: Comparison
    period: Offset
    text: Texts
    reference: str | None

    _FACT: ClassVar[re.Pattern[str]] = re.compile(r"[a-z][a-z0-9_]{0,63}")

    def __init__(  # noqa: PLR0913 - one rule, one line
        self,
        id: str,  # noqa: A002 - the field's word
        fact: str,
        comparison: Comparison,
        period: OffsetLike,
        *,
        text: Mapping[str, str] = Texts(),
        reference: str | None = None,
    ) -> None:
        """Take the parts."""
        found = Found()
        if not isinstance(id, str) or not CODE.fullmatch(id):
            found.add("id", id, CODE_FORM, "not an identifier")
        if not isinstance(fact, str) or not self._FACT.fullmatch(fact):
            found.add("fact", fact, "a name such as 'diagnosis' (lower case)", "not the name of a fact")
        _choice(found, "comparison", comparison, COMPARISONS)
        offset = _positive(found, str(comparison), period)
        texts = found.attempt("text", text, Texts, text)
        if reference is not None:
            _code(found, "reference", reference)
        found.finish()
        _set(self, id=id, fact=fact, comparison=comparison, period=offset, text=texts, reference=reference)
