"""Calendars beside each other in one file: a name of a time zone says what it says in its own calendar.

RFC 5545, section 3.2.19: a TZID names the VTIMEZONE "in the iCalendar object". Where one name means different things
in several calendars that become one, it is given another name in all but one of them, so that no event changes its
moment.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from trialsched.errors import InvalidValueError
from trialsched.formats.ical import zones
from trialsched.formats.ical.filezones import FileZone, defined_name, lists_part_of, says_something
from trialsched.formats.ical.lines import (
    END,
    LIMITS,
    Block,
    Cut,
    Limits,
    cut,
    escape,
    fold,
    named_zones,
    properties,
    zone_name,
    zone_renamed,
    zoned_lines,
)
from trialsched.formats.ical.rules import Steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

_YEAR = re.compile(r"([0-9]{4})[0-9]{4}")
_AHEAD = 30  # years that an event which repeats is looked at
_FIRST, _LAST = 2, 9998
_NO_YEARS = (_LAST, _FIRST)
_DAYS = 366  # of a year
_CHARACTERS = 100  # of a definition that count as one step
_STEPS = 300_000  # days looked at to compare definitions; then zones are kept apart unseen

_Years = tuple[int, int]
Definitions = tuple[str, ...]  # of one name: the VTIMEZONE as they stand, most often one


class Part(NamedTuple):
    """One calendar: its VTIMEZONE by name, and its other components; `own` names are named whatever it holds."""

    defined: Mapping[str, Definitions]
    others: Sequence[str]
    own: bool = False


class Settled(NamedTuple):
    """How calendars become one: the definitions by name, and the new names that each calendar's zones have."""

    zones: dict[str, Definitions]
    names: list[dict[str, str]]


def read_calendars(data: bytes | str, limits: Limits = LIMITS) -> Cut:
    """Take a file apart as `cut` does; of several calendars in it, no name of a zone means two things."""
    return joined([cut(data, limits)])


def joined(files: Iterable[Cut]) -> Cut:
    """Return files as one; no name of a zone means two things, whatever it means in each of them."""
    heads: list[tuple[str, ...]] = []
    blocks: list[Block] = []
    for file in files:
        blocks += [block._replace(calendar=block.calendar + len(heads)) for block in file.blocks]
        heads += file.heads
    if len(heads) == 1:
        return Cut(tuple(heads), tuple(blocks))
    settled = settle(_parts(blocks, len(heads)))
    found = _blocks(raw for raws in settled.zones.values() for raw in raws)
    for block in blocks:
        if block.name != "VTIMEZONE":
            found.append(block._replace(raw=zone_renamed(block.raw, settled.names[block.calendar])))
    return Cut(tuple(heads), tuple(found))


def _parts(blocks: Iterable[Block], count: int) -> list[Part]:
    parts: list[tuple[dict[str, Definitions], list[str]]] = [({}, []) for _ in range(count)]
    for block in blocks:
        defined, others = parts[block.calendar]
        if block.name == "VTIMEZONE":
            defines(defined, block)
        else:
            others.append(block.raw)
    return [Part(defined, others) for defined, others in parts]


def defines(defined: dict[str, Definitions], block: Block) -> None:
    """Add a VTIMEZONE to those of its calendar; what says the same twice is one."""
    name = defined_name(block)
    before = defined.get(name, ())
    if block.raw not in before and says_something(block):
        defined[name] = (*before, block.raw)


def beside(own: Mapping[str, Definitions], file: Cut, body: list[str], kept: Sequence[int]) -> list[str]:
    """Return the definitions of a calendar that is written over a file: our own, and the file's that anything names.

    `kept` are the places in the body of what stays as it stood in the file: where ours of the same name means
    something else, it is changed there to name its own zone by another name.
    """
    named = named_zones("".join(body))
    defined: dict[str, Definitions] = {}
    for block in file.blocks:
        if block.name == "VTIMEZONE" and defined_name(block) in named:
            defines(defined, block)
    settled = settle([Part(own, [], own=True), Part(defined, [body[index] for index in kept])])
    for index in kept:
        body[index] = zone_renamed(body[index], settled.names[1])
    return [raw for definitions in settled.zones.values() for raw in definitions]


def settle(parts: Sequence[Part]) -> Settled:
    """Decide which names the zones of several calendars have when these become one.

    A name that means one thing everywhere stays; so does one whose definitions agree in the years of the events that
    name it. Of others the first calendar keeps the name, or a calendar that names it without saying what it means.
    """
    return _Settling(parts).done()


class _Settling:
    """Goes through the names of zones, one after the other."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.users: dict[str, list[int]] = {}  # the calendars that name a zone
        self.first: dict[str, Definitions] = {}  # what the first calendar that defines a name says
        for index, part in enumerate(parts):
            named = named_zones("".join(part.others)) | dict.fromkeys(part.defined if part.own else ())
            for name in named:
                self.users.setdefault(name, []).append(index)
            for name, definitions in part.defined.items():
                self.first.setdefault(name, definitions)
        self.taken = {*self.users, *self.first}
        self.numbers: dict[str, int] = {}
        self.years: dict[int, dict[str, _Years]] = {}
        self.names: list[dict[str, str]] = [{} for _ in parts]
        self.zones: dict[str, Definitions] = {}
        self.renamed: dict[str, Definitions] = {}
        self.steps = Steps(_STEPS)

    def done(self) -> Settled:
        for name in self.first:
            self._one(name)
        return Settled(self.zones | self.renamed, self.names)

    def _one(self, name: str) -> None:
        groups: dict[Definitions, list[int]] = {}
        for index in self.users.get(name, []):
            groups.setdefault(self.parts[index].defined.get(name, ()), []).append(index)
        known = zones.zone_of(name)
        if not groups or (known is not None and name.startswith("/")):
            # Nothing names it, and it is not looked at; or the name itself says what it means
            self.zones[name] = self.first[name]
            return
        kept = self._kept(groups, known)
        if kept:
            self.zones[name] = kept
        for group, calendars in groups.items():
            if group != kept and not self._agree(kept, group, known, self._span(name, calendars)):
                self._rename(name, group, calendars)

    def _kept(self, groups: Iterable[Definitions], known: tzinfo | None) -> Definitions:
        """Return what a name goes on to mean; nothing where a calendar names it and nobody knows what it means."""
        if () in groups and known is None:
            return ()
        return next(filter(None, groups), ())

    def _rename(self, name: str, group: Definitions, calendars: list[int]) -> None:
        other = self._new_name(name)
        known = zones.zone_of(name)
        if known is not None and all(lists_part_of(known, block, self.steps) for block in _blocks(group)):
            group = (self._known(name, calendars),)  # under another name it says no more than it lists
        self.renamed[other] = tuple(_defined_as(raw, other) for raw in group)
        for index in calendars:
            self.names[index][name] = other

    def _new_name(self, name: str) -> str:
        number = self.numbers.get(name, 1) + 1
        while f"{name} ({number})" in self.taken:
            number += 1
        self.numbers[name] = number
        self.taken.add(f"{name} ({number})")
        return f"{name} ({number})"

    def _known(self, name: str, calendars: list[int]) -> str:
        """Return the definition of a zone that these calendars name without one, in the years of their events."""
        zone = zones.zone_of(name)
        assert zone is not None  # noqa: S101 - else these calendars keep the name
        first, last = self._span(name, calendars)
        return zones.vtimezone(zone.key, [datetime(year, 7, 1, tzinfo=zone) for year in (first, last)])

    def _span(self, name: str, calendars: list[int]) -> _Years:
        """Return the first and the last year in which events of these calendars name a zone."""
        spans = [self._years_of(index).get(name, _NO_YEARS) for index in calendars]
        return min(first for first, _ in spans), max(last for _, last in spans)

    def _years_of(self, index: int) -> dict[str, _Years]:
        if index not in self.years:
            found: dict[str, _Years] = {}
            for raw in self.parts[index].others:
                repeats = "\nRRULE" in raw.upper()
                for line in zoned_lines(raw):
                    name = zone_name(line.parameters["TZID"])
                    for text in _YEAR.findall(line.value):
                        year = min(max(int(text), _FIRST), _LAST)
                        first, last = found.get(name, _NO_YEARS)
                        until = min(year + _AHEAD, _LAST) if repeats else year
                        found[name] = min(first, year), max(last, until)
            self.years[index] = found
        return self.years[index]

    def _meant(self, block: Block, known: tzinfo | None) -> tzinfo:
        """Return what a definition counts for under a name that may be known."""
        if known is not None and lists_part_of(known, block, self.steps):
            return known
        return FileZone(block, self.steps)

    def _agree(self, kept: Definitions, group: Definitions, known: tzinfo | None, years: _Years) -> bool:
        """Return whether the definitions that are kept say what another calendar says, in the years of its events."""
        first, last = years
        try:
            self.steps.take(sum(map(len, (*kept, *group))) // _CHARACTERS)
            defined = [FileZone(block, self.steps) for block in (*_blocks(kept), *_blocks(group))]
            if kept and group and len({zone.says for zone in defined}) == 1:
                return True
            here = [self._meant(block, known) for block in _blocks(kept)]
            there = [self._meant(block, known) for block in _blocks(group)]
            others = there if there or known is None else [known]
            self.steps.take(max(last - first + 3, 0) * _DAYS * len(here) * len(others))
            return bool(here) and all(zones.agree(one, other, first, last) for one, other in product(here, others))
        except InvalidValueError:  # not readable, or too much to be looked at
            return False


def _defined_as(raw: str, name: str) -> str:
    """Return a VTIMEZONE under another name."""
    (block,) = _blocks((raw,))
    line = next(line.raw for line in properties(block).all("TZID"))
    return raw.replace(f"{END}{line}{END}", f"{END}{fold(f'TZID:{escape(name)}')}{END}", 1)


def _blocks(raws: Iterable[str]) -> list[Block]:
    return [Block("VTIMEZONE", raw) for raw in raws]
