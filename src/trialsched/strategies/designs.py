"""Strategies for what is known before any subject: offsets, windows, dates, protocols and their versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

try:
    from hypothesis import strategies as st
    from hypothesis.errors import InvalidArgument
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    message = "trialsched.strategies needs Hypothesis: pip install 'trialsched[strategies]'"
    raise ModuleNotFoundError(message, name="hypothesis") from None

from trialsched.offsets import DateRange, Offset, Window
from trialsched.protocol import (
    COMPARISONS,
    MODES,
    EligibilityRule,
    Meta,
    Numbering,
    Protocol,
    Repeat,
    Spacing,
    Timing,
    Visit,
    When,
)

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from trialsched.protocol import CountsFrom, CycleOrigin, Mode

FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)


def ordered(name: str, low: object, high: object, *, ok: bool) -> None:
    """Raise `InvalidArgument` for bounds that leave nothing."""
    if not ok:
        message = f"min_{name}={low!r} and max_{name}={high!r} leave nothing to draw"
        raise InvalidArgument(message)


def offsets(
    *, min_months: int = -24, max_months: int = 24, min_days: int = -400, max_days: int = 400
) -> SearchStrategy[Offset]:
    """Draw offsets; months and days are never of opposite sign.

    >>> from hypothesis import find
    >>> find(offsets(min_months=1), lambda offset: True)
    Offset(months=1, days=0)
    """
    ordered("months", min_months, max_months, ok=min_months <= max_months)
    ordered("days", min_days, max_days, ok=min_days <= max_days)
    signs = []
    if max_months >= 0 and max_days >= 0:
        forward = st.tuples(st.integers(max(min_months, 0), max_months), st.integers(max(min_days, 0), max_days))
        signs.append(forward.map(_offset))
    if min_months <= 0 and min_days <= 0 and (min_months < 0 or min_days < 0):
        back = st.tuples(st.integers(min_months, min(max_months, 0)), st.integers(min_days, min(max_days, 0)))
        signs.append(back.map(_offset))
    if not signs:
        message = "the bounds ask for months and days of opposite sign, which no offset has"
        raise InvalidArgument(message)
    return st.one_of(signs)


def _offset(parts: tuple[int, int]) -> Offset:
    return Offset(*parts)


def windows(
    *, max_days: int = 30, max_months: int = 1, min_days: int = 0, min_months: int = 0
) -> SearchStrategy[Window]:
    """Draw windows, even and lopsided; the bounds hold for each side.

    >>> from hypothesis import find
    >>> str(find(windows(), lambda window: True))
    '±0 days'
    """
    ordered("days", min_days, max_days, ok=0 <= min_days <= max_days)
    ordered("months", min_months, max_months, ok=0 <= min_months <= max_months)
    side = offsets(min_months=min_months, max_months=max_months, min_days=min_days, max_days=max_days)
    return st.one_of(
        side.map(lambda offset: Window(offset, offset)), st.tuples(side, side).map(lambda sides: Window(*sides))
    )


def date_ranges(
    *, min_value: date = FIRST, max_value: date = LAST, min_length: int = 1, max_length: int = 400
) -> SearchStrategy[DateRange]:
    """Draw closed ranges of days inside `min_value` to `max_value`; lengths in days, ends counted.

    >>> from hypothesis import find
    >>> str(find(date_ranges(min_length=2), lambda days: True))
    '2000-01-01..2000-01-02'
    """
    room = (max_value - min_value).days + 1
    longest = min(max_length, room)
    ordered("length", min_length, longest, ok=1 <= min_length <= longest)

    def starting(length: int) -> SearchStrategy[DateRange]:
        last = max_value - timedelta(length - 1)
        return st.dates(min_value, last).map(lambda day: DateRange(day, day + timedelta(length - 1)))

    return st.integers(min_length, longest).flatmap(starting)


def baselines(*, min_value: date = FIRST, max_value: date = LAST) -> SearchStrategy[date]:
    """Draw baselines; month ends and leap days come more often than chance would have them.

    >>> from hypothesis import find
    >>> find(baselines(), lambda day: day.month == 2 and day.day == 29)
    datetime.date(2000, 2, 29)
    """
    ordered("value", min_value, max_value, ok=min_value <= max_value)
    last_days = st.integers(0, 3).map(lambda back: -back)

    def near_month_end(day: date) -> SearchStrategy[date]:
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1) if day < date(9999, 12, 1) else day
        return last_days.map(lambda back: min(max(following + timedelta(back - 1), min_value), max_value))

    days = st.dates(min_value, max_value)
    return st.one_of(days, days.flatmap(near_month_end))


def protocols(  # noqa: PLR0913 - each bound is a word
    *,
    min_visits: int = 1,
    max_visits: int = 10,
    max_arms: int = 2,
    max_occurrences: int = 3,
    months: bool = True,
    limits: bool = True,
) -> SearchStrategy[Protocol]:
    """Draw valid protocols: chains, arms, cycles of both kinds, limits, windows of every basis, spacings, rules.

    Study days count from the anchor or from another visit.

    `max_visits` counts a cycle once. With `months=False` every offset and window is in days; with
    `limits=False` no window is cut; `max_arms=0` and `max_occurrences=0` leave out arms and cycles.

    >>> from hypothesis import find
    >>> find(protocols(max_visits=1), lambda protocol: True).codes
    ('V0',)
    """
    ordered("visits", min_visits, max_visits, ok=1 <= min_visits <= max_visits)
    if max_arms < 0 or max_occurrences < 0:
        message = "max_arms and max_occurrences are not negative"
        raise InvalidArgument(message)
    return _protocols(
        visits=st.integers(min_visits, max_visits),
        arms=st.integers(0, max_arms),
        cycles=st.integers(1, max_occurrences) if max_occurrences else None,
        parts=_parts(12 if months else 0),
        limits=limits,
    )


class _Parts(NamedTuple):
    """Strategies for the parts of visits, made once: making one costs more than drawing from it."""

    ahead: SearchStrategy[Offset]
    away: SearchStrategy[Offset]
    every: SearchStrategy[Offset]
    window: SearchStrategy[Window]


@cache
def _parts(months: int) -> _Parts:
    return _Parts(
        ahead=offsets(min_months=0, max_months=months, min_days=0, max_days=120),
        away=offsets(min_months=-months, max_months=months, min_days=-120, max_days=120),
        every=offsets(min_months=0, max_months=min(months, 2), min_days=1, max_days=40),
        window=windows(max_days=20, max_months=min(months, 1)),
    )


_FEW_DAYS = st.integers(0, 6).map(lambda days: Offset(0, days))
_RARELY = st.integers(0, 4).map(lambda number: number == 0)
_ANY_MODE: SearchStrategy[Mode] = st.sampled_from(MODES)
_ORIGINS: SearchStrategy[CycleOrigin] = st.sampled_from(("first", "previous"))
_LABELS = st.dictionaries(
    st.sampled_from(("en", "pl", "de-AT")), st.sampled_from(("Visit", "Wizyta \u0105", "Besuch, der; \\n")), max_size=2
)
_COUNTS_FROM: SearchStrategy[CountsFrom] = st.sampled_from(("reference", "target"))
_NUMBERS = st.one_of(st.integers(1, 99), st.sampled_from((1.5, 2.25)))
_NOMINAL_DAYS = st.integers(-99, 99).filter(bool)


@st.composite
def _protocols(  # noqa: PLR0913 - the bounds, worked out
    draw: DrawFn,
    *,
    visits: SearchStrategy[int],
    arms: SearchStrategy[int],
    cycles: SearchStrategy[int] | None,
    parts: _Parts,
    limits: bool,
) -> Protocol:
    names = tuple(f"ARM{index}" for index in range(draw(arms)))
    some_arms = st.sets(st.sampled_from(names), min_size=1) if names else st.just(set[str]())
    made = [Visit("V0", draw(_ANY_MODE), _timing(draw, None, parts), label=draw(_LABELS))]
    presence = {"V0": frozenset(names)}  # code -> the arms that have it
    for index in range(1, draw(visits)):
        own = frozenset(draw(some_arms))
        known = st.sampled_from([code for code, has in presence.items() if own <= has])
        repeat = None
        if cycles is not None and draw(_RARELY):
            repeat = Repeat(draw(parts.every), draw(cycles), draw(_ORIGINS))
        when = When(draw(parts.ahead if repeat else parts.away), draw(known))  # a cycle goes forward from there
        keys = [key for key in ("not_before", "not_after") if limits and draw(_RARELY)]
        cut = {key: When(draw(parts.away), draw(known)) for key in keys}
        code = f"C{index}_{{n}}" if repeat else f"V{index}"
        shown = () if own == frozenset(names) else tuple(sorted(own))
        made.append(
            Visit(
                code,
                draw(_ANY_MODE),
                _timing(draw, when, parts, **cut),
                repeat=repeat,
                arms=shown,
                epoch=draw(_EPOCHS),
                label=draw(_LABELS),
                numbering=_numbering(draw, repeat),
            )
        )
        if repeat is None:
            presence[code] = own
            continue
        presence.update({code.replace("{n}", str(n + 1)): own for n in range(repeat.times)})
        if draw(st.booleans()):
            travels = _timing(draw, When(draw(_FEW_DAYS), code), parts)
            made.append(Visit(f"T{index}_{{n}}", draw(_ANY_MODE), travels, repeat=code, arms=shown))
    everywhere = [code for code, own in presence.items() if own == frozenset(names)]
    return Protocol(
        "drawn",
        draw(_VERSIONS),
        "V0",
        draw(st.permutations(made)),
        arms=names,
        spacings=_spacings(draw, everywhere),
        eligibility=draw(_RULES),
        unscheduled=draw(_UNSCHEDULED),
        meta=Meta(draw(_LABELS), in_force=draw(_IN_FORCE)),
        study_days_from=draw(st.none() | st.sampled_from(everywhere)),
    )


def _timing(draw: DrawFn, when: When | None, parts: _Parts, **limits: When) -> Timing:
    window = None if not limits and draw(_RARELY) else draw(parts.window)
    counts_from: CountsFrom = draw(_COUNTS_FROM) if when else "reference"
    return Timing(
        when, window=window, assumed=window is not None and draw(st.booleans()), counts_from=counts_from, **limits
    )


def _numbering(draw: DrawFn, repeat: Repeat | None) -> Numbering:
    if draw(st.booleans()):
        return Numbering()
    if repeat is None:
        return Numbering(draw(_NUMBERS), draw(st.none() | _NOMINAL_DAYS))
    numbers = draw(st.lists(_NUMBERS, min_size=repeat.times, max_size=repeat.times))
    return Numbering(tuple(numbers))


_SPACES = offsets(min_months=0, min_days=1)


def _spacings(draw: DrawFn, codes: list[str]) -> tuple[Spacing, ...]:
    if len(codes) < 2 or draw(st.booleans()):  # noqa: PLR2004 - a spacing is between two
        return ()
    first, second = draw(st.permutations(codes))[:2]
    return (Spacing(first, second, draw(_SPACES), draw(st.booleans())),)


_RULES = st.lists(
    st.builds(
        EligibilityRule,
        id=st.just("I1"),
        fact=st.sampled_from(("birth", "diagnosis")),
        comparison=st.sampled_from(COMPARISONS),
        period=offsets(min_months=1, min_days=0),
        text=_LABELS,
        reference=st.sampled_from((None, "baseline", "V0")),
    ),
    max_size=1,
)
_EPOCHS = st.sampled_from((None, "screening", "treatment"))
_VERSIONS = st.sampled_from(("1", "2.0 draft", "2026-01-15"))
_UNSCHEDULED: SearchStrategy[tuple[str, ...]] = st.sampled_from(((), ("UNS*",), ("UNS*", "ET")))
_IN_FORCE = st.none() | baselines()


def versions(
    *, max_versions: int = 3, max_visits: int = 6, min_value: date = FIRST, max_value: date = LAST
) -> SearchStrategy[tuple[Protocol, ...]]:
    """Draw two or more versions of one protocol without arms, in the order in which they come into force.

    They have the same id and anchor, and differ at will in the rest. No two share a version or a date in force,
    from `min_value` to `max_value`; the first may have none.

    >>> from hypothesis import find
    >>> [protocol.version for protocol in find(versions(), lambda found: True)]
    ['1', '2']
    """
    ordered("versions", 2, max_versions, ok=max_versions >= 2)  # noqa: PLR2004 - one is no amendment
    ordered("value", min_value, max_value, ok=(max_value - min_value).days >= max_versions - 1)
    since = st.lists(st.dates(min_value, max_value), min_size=2, max_size=max_versions, unique=True)
    return _versions(protocols(max_visits=max_visits, max_arms=0), since.map(sorted))


@st.composite
def _versions(
    draw: DrawFn, designs: SearchStrategy[Protocol], since: SearchStrategy[list[date]]
) -> tuple[Protocol, ...]:
    days: list[date | None] = [*draw(since)]
    if draw(st.booleans()):
        days[0] = None
    made = [(draw(designs), day) for day in days]
    return tuple(
        replace(design, version=str(number), meta=replace(design.meta, in_force=day))
        for number, (design, day) in enumerate(made, start=1)
    )
