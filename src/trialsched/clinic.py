"""The clinic: its time zone, language, how to reach it, how long visits take there. Frozen, always valid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from trialsched._text import nearest_or, nfc, shown, unprintable
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.protocol import CODE, MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trialsched.protocol import Mode, Protocol

SCHEMA: Final = "trialsched/clinic/1"
DEFAULT_DURATION: Final = timedelta(minutes=60)
"""How long a visit takes when the clinic does not say."""
LONGEST_TEXT = 200
MAX_DURATIONS = 1000

_OCCURRENCE = "{n}"
_DAY = timedelta(hours=24)
_MINUTE = timedelta(minutes=1)
_TOO_MANY = 10**6  # minutes, to stay inside of what a timedelta holds
_LONGEST_DURATION = 40  # characters of a text
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,6}")
# E.164: a country code, which never begins with 0, then the number, 15 digits at most.
_PHONE = re.compile(r"\+(?=\(?[1-9])(?:[ -]?\(?[0-9]\)?){5,15}")
_PHONE_FORM = "a number in international form, as '+48 22 123 45 67': a plus and 5 to 15 digits"
_DURATION_FORM = "'90 minutes', '1 hour', '1 hour 30 minutes' or 'PT1H30M'"
_ISO = re.compile(r"PT(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?")
_WORDS = re.compile(
    r"(?=[0-9])(?:([0-9]+)\s*(?:h|hr|hour|hours))?\s*(?:([0-9]+)\s*(?:min|minute|minutes))?", re.IGNORECASE
)
_MINUTES_OR_MONTHS = re.compile(r"[0-9]\s*m(?![a-z])", re.IGNORECASE)


def _rank(key: str) -> tuple[int, str]:
    return (MODES.index(key), "") if key in MODES else (len(MODES), key)


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a clinic; what is None is not known.

    `name` is one line, `address` may have several, each at most 200 characters, kept in NFC. `geo` is
    (latitude, longitude) in decimal degrees, north and east positive (RFC 5545 3.8.1.6, ranges of RFC 5870
    3.4.2). `phone` is in international form (E.164), kept as it is written. Raises `InvalidTypeError` or
    `InvalidValueError`.

    >>> Contact("Clinic 3", phone="+48 (22) 123-45-67").tel
    'tel:+48221234567'
    """

    name: str | None = None
    address: str | None = None
    geo: tuple[float, float] | None = None
    phone: str | None = None

    def __post_init__(self) -> None:
        """Hold the fields to their types and forms."""
        if self.name is not None:
            object.__setattr__(self, "name", _line(self.name, "contact.name"))
        if self.address is not None:
            object.__setattr__(self, "address", _lines(self.address, "contact.address"))
        if self.geo is not None:
            object.__setattr__(self, "geo", _geo(self.geo, "contact.geo"))
        if self.phone is not None:
            _check_phone(self.phone, "contact.phone")

    @property
    def tel(self) -> str | None:
        """The phone number as a URI without blanks (RFC 3966), or None."""
        return None if self.phone is None else "tel:+" + re.sub(r"[^0-9]", "", self.phone)


class Durations(Mapping[str, timedelta]):
    """How long visits take, by mode and visit code; immutable and hashable.

    A key is a mode (`on-site`, `phone`, `video`, `home`), a visit code, or a cycle's code with `{n}`. A value is
    a `timedelta` of whole minutes or its text, more than 0 and at most 24 hours. Modes come first, then the codes
    in alphabetical order. Raises `InvalidTypeError` or `InvalidValueError`.

    >>> Durations({"DOSE1": "4 hours", "phone": "PT15M"})["DOSE1"]
    datetime.timedelta(seconds=14400)
    """

    __slots__ = ("_pairs",)
    _pairs: dict[str, timedelta]

    def __init__(self, durations: Mapping[str, timedelta | str] | Iterable[tuple[str, timedelta | str]] = ()) -> None:
        """Take a mapping of mode or code to duration; the order does not matter."""
        try:
            given = dict(durations)
        except (TypeError, ValueError):
            message = f"durations by mode or visit code are meant, as {{'phone': '15 minutes'}}; read {durations!r}"
            raise InvalidTypeError(message, where="durations") from None
        if len(given) > MAX_DURATIONS:
            message = f"read {len(given)} durations, expected at most {MAX_DURATIONS}"
            raise InvalidValueError(message, where="durations")
        pairs = {_key(key): as_duration(value, f"durations.{key}") for key, value in given.items()}
        self._pairs = {key: pairs[key] for key in sorted(pairs, key=_rank)}

    def __getitem__(self, key: str) -> timedelta:
        """Return the duration under a key as it is written. Raises `KeyError`."""
        return self._pairs[key]

    def __iter__(self) -> Iterator[str]:
        """Yield the keys, modes first."""
        return iter(self._pairs)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._pairs)

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(tuple(self._pairs.items()))

    def __repr__(self) -> str:
        """Print as it is made."""
        return f"Durations({ {key: duration_text(value) for key, value in self._pairs.items()} })"

    def __reduce__(self) -> tuple[type[Durations], tuple[dict[str, timedelta]]]:
        """Rebuild from the content."""
        return (Durations, (dict(self._pairs),))

    def of_visit(self, code: str) -> timedelta | None:
        """Return the duration of a visit's code, else of its cycle, else None.

        Of several cycles that fit, the longest key is taken, of equally long ones the first in the alphabet.
        """
        if code in self._pairs and code not in MODES:
            return self._pairs[code]
        cycles = [key for key in self._pairs if is_occurrence(code, key)]
        return self._pairs[min(cycles, key=lambda key: (-len(key), key))] if cycles else None


@dataclass(frozen=True, slots=True, init=False)
class Clinic:
    """Where and when visits take place: what a calendar needs beyond the protocol.

    `zone` is a time zone of the IANA list, in its spelling (`Europe/Warsaw`). `language` is a language tag
    (`en`, `pl`) or None. `durations` is how long visits take. Raises `InvalidTypeError` or `InvalidValueError`,
    `where` naming the place as in a document (`contact.phone`).

    >>> clinic = Clinic("Europe/Warsaw", durations={"phone": "15 minutes", "C{n}D1": "4 hours"})
    >>> clinic.duration("C2D1", "on-site")
    datetime.timedelta(seconds=14400)
    """

    zone: str
    language: str | None
    contact: Contact
    durations: Durations

    def __init__(
        self,
        zone: str,
        language: str | None = None,
        contact: Contact = Contact(),
        durations: Mapping[str, timedelta | str] = Durations(),
    ) -> None:
        """Take the parts."""
        check_zone(zone)
        if language is not None:
            check_language(language)
        if not isinstance(contact, Contact):
            raise InvalidTypeError(f"a Contact is meant; read {shown(contact)}", where="contact")
        taken = durations if isinstance(durations, Durations) else Durations(durations)
        for name, value in {"zone": zone, "language": language, "contact": contact, "durations": taken}.items():
            object.__setattr__(self, name, value)

    def duration(self, code: str, mode: Mode) -> timedelta:
        """Return how long a visit takes: the visit's own duration, else its cycle's, else its mode's, else 60 minutes.

        >>> Clinic("UTC", durations={"phone": "15 minutes"}).duration("M06", "on-site")
        datetime.timedelta(seconds=3600)
        """
        if mode not in MODES:
            raise InvalidValueError(f"read {mode!r}, expected one of {', '.join(MODES)}", where="mode")
        own = self.durations.of_visit(code)
        return own if own is not None else self.durations.get(mode, DEFAULT_DURATION)

    def unknown_codes(self, protocol: Protocol) -> tuple[str, ...]:
        """Return the keys of `durations` that are neither a mode nor fit any visit of a protocol."""
        codes = protocol.codes
        return tuple(
            key
            for key in self.durations
            if key not in MODES
            and key not in codes
            and not protocol.is_unscheduled(key)
            and not any(is_occurrence(code, key) for code in codes)
        )

    def document(self) -> dict[str, Any]:
        """Return the document as plain JSON values in reading order, what is not known left out."""
        contact = self.contact
        fields = {
            "name": contact.name,
            "address": contact.address,
            "geo": None if contact.geo is None else list(contact.geo),
            "phone": contact.phone,
        }
        head = {
            "schema": SCHEMA,
            "zone": self.zone,
            "language": self.language,
            "contact": {key: value for key, value in fields.items() if value is not None},
            "durations": {key: duration_text(value) for key, value in self.durations.items()},
        }
        return {key: value for key, value in head.items() if value is not None and value != {}}


def is_occurrence(code: str, cycle: str) -> bool:
    """Return whether a code is one of a cycle's: `{n}` is a number from 1.

    >>> is_occurrence("C12D1", "C{n}D1"), is_occurrence("C0D1", "C{n}D1")
    (True, False)
    """
    before, marker, after = cycle.partition(_OCCURRENCE)
    if not marker or len(code) <= len(before) + len(after) or not (code.startswith(before) and code.endswith(after)):
        return False
    number = code[len(before) : len(code) - len(after)]
    return number.isascii() and number.isdigit() and number[0] != "0"


def duration_text(duration: timedelta) -> str:
    """Print whole minutes in the canonical form, which a clinic reads back to the same value.

    >>> duration_text(timedelta(minutes=90))
    '1 hour 30 minutes'
    """
    parts = zip(divmod(duration // _MINUTE, 60), ("hour", "minute"), strict=True)
    return " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidTypeError(f"a text is meant; read {shown(value)}", where=where)
    return value


def _line(value: object, where: str) -> str:
    text = nfc(_text(value, where))
    bad = unprintable(text)
    if bad:
        raise InvalidValueError(f"the text holds {bad}, a control character or line break", where=where)
    if not text or text != text.strip() or len(text) > LONGEST_TEXT:
        message = f"a text of 1 to {LONGEST_TEXT} characters without blanks at its ends is meant; read {shown(text)!r}"
        raise InvalidValueError(message, where=where)
    return text


def _lines(value: object, where: str) -> str:
    """Return a text of several lines; a line break at its ends belongs to TOML's way of writing it."""
    text = _text(value, where).strip("\n")
    _line(text.replace("\n", " "), where)
    return nfc(text)


def _geo(value: object, where: str) -> tuple[float, float]:
    expected = "expected [latitude, longitude] in decimal degrees"
    if not isinstance(value, (list, tuple)) or any(
        isinstance(number, bool) or not isinstance(number, (int, float)) for number in value
    ):
        raise InvalidTypeError(f"read {shown(value)}, {expected}", where=where)
    bounds = (90, 180)
    if len(value) != len(bounds) or any(not abs(n) <= most for n, most in zip(value, bounds, strict=True)):
        raise InvalidValueError(f"read {shown(value)}, {expected}, -90 to 90 and -180 to 180", where=where)
    latitude, longitude = (float(number) + 0.0 for number in value)  # -0.0 becomes 0.0
    return latitude, longitude


def _check_phone(value: object, where: str) -> None:
    text = _text(value, where)
    if not _PHONE.fullmatch(text) or text.count("(") != text.count(")"):
        raise InvalidValueError(f"read {shown(text)!r}, expected {_PHONE_FORM}", where=where)
    if re.search(r"\(0+\)", text):  # dialled inside the country only, and part of no E.164 number
        message = f"read {text!r}, expected a number without '(0)', which nobody dials from abroad"
        raise InvalidValueError(message, where=where)


@cache
def _zones() -> frozenset[str]:
    """Return the names of the IANA list that this machine has rules for; 'localtime' and 'Factory' are no places."""
    from zoneinfo import available_timezones

    return frozenset(available_timezones() - {"localtime", "Factory"})


def check_zone(value: object) -> None:
    """Refuse what is not the name of a time zone of the IANA list, in its spelling."""
    # Asked of the list and not of the files, which on some machines are found in any case of letters.
    zone = _text(value, "zone")
    if zone in _zones():
        return
    if not _zones():
        message = f"{shown(zone)!r} cannot be checked: there is no time zone data here; pip install tzdata"
        raise InvalidValueError(message, where="zone")
    hint = nearest_or(zone, sorted(_zones()), "such as 'Europe/Warsaw'")
    raise InvalidValueError(f"read {shown(zone)!r}, expected a time zone of the IANA list: {hint}", where="zone")


def check_language(value: object) -> None:
    """Refuse what is not in the form of a language tag; which languages there are is not known here."""
    # The forms of BCP 47 that are in use: a language of two or three letters, then a script, a region ...
    language = _text(value, "language")
    if not _LANGUAGE.fullmatch(language):
        message = f"read {shown(language)!r}, expected a language tag such as 'en' or 'pl'"
        raise InvalidValueError(message, where="language")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise InvalidTypeError(f"a mode or visit code is meant; read {shown(key)}", where="durations")
    if key not in MODES and not CODE.fullmatch(key.replace(_OCCURRENCE, "1", 1)):
        expected = f"{', '.join(MODES)}, or a visit code: a letter, then letters, digits, '.', '_' or '-'"
        raise InvalidValueError(f"read {shown(key)!r}, expected {expected}", where=f"durations.{key[:80]}")
    return key


def as_duration(value: object, where: str) -> timedelta:
    """Return a duration in plain form from a timedelta of whole minutes or its text; raise otherwise."""
    if isinstance(value, str):
        length = _read_duration(value, where)
    elif isinstance(value, timedelta):
        # The seconds, and not the parts, of which other packages' durations have more.
        minutes, rest = divmod(value.total_seconds(), 60)
        if rest:
            raise InvalidValueError(f"read {value!r}, expected whole minutes", where=where)
        length = timedelta(minutes=min(minutes, _TOO_MANY))
    else:
        raise InvalidTypeError(f"read {shown(value)}, expected a timedelta or {_DURATION_FORM}", where=where)
    if not timedelta(0) < length <= _DAY:
        raise InvalidValueError(f"read {shown(repr(value))}, expected more than 0 and at most 24 hours", where=where)
    return length


def _read_duration(text: str, where: str) -> timedelta:
    stripped = text.strip()
    found = None
    if len(stripped) <= _LONGEST_DURATION:
        found = _ISO.fullmatch(stripped) or _WORDS.fullmatch(stripped)
    if not found or not any(found.groups()):
        message = f"read {shown(text)!r}, expected {_DURATION_FORM}"
        if _MINUTES_OR_MONTHS.search(stripped) and not stripped.upper().startswith("P"):
            message += "; 'm' alone could be minutes or months"
        raise InvalidValueError(message, where=where)
    hours, minutes = (int(digits or "0") for digits in found.groups())
    return timedelta(minutes=min(hours * 60 + minutes, _TOO_MANY))
