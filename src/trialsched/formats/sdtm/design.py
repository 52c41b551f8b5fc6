"""TV, the planned visits with their numbers, as the protocol in force on the day has them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from trialsched.errors import Problem
from trialsched.formats.sdtm.variables import LONGEST_ARM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trialsched.compliance import Report
    from trialsched.formats.sdtm.model import Value
    from trialsched.protocol import Protocol, Visit

Number = int | float

ANCHOR_RULE: Final = "On the planned baseline"
"""TVSTRL of the anchor visit, which every TV of ours has."""


class Design(NamedTuple):
    """The planned visits of TV by their codes, in protocol order, with their numbers; and the arms when they differ.

    `older` are the versions of the visits that the protocol in force does not have any more.
    """

    protocol: Protocol
    visits: Mapping[str, Visit]
    older: Mapping[str, str]
    arms: tuple[str, ...]
    numbers: Mapping[str, Number]

    def day(self, code: str) -> int | None:
        """Return VISITDY, the protocol's `nominal_day` of a visit, or None."""
        day = self.visits[code].numbering.nominal_day
        return day if isinstance(day, int) else None

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Yield the rows of TV, without STUDYID and DOMAIN, by arm and number.

        "If some visits are the same for all arms, and some visits differ by arm, then ARMCD and ARM should be
        populated for all records" (SDTMIG 3.4, 7.3.1, assumption 1); without that they are empty.
        """
        order = sorted(self.visits, key=lambda code: self.numbers[code])
        for arm in self.arms or (None,):
            for code in order:
                visit = self.visits[code]
                if _in_arm(visit, arm):
                    rule = start_rule(visit, self.older.get(code))
                    # An empty TVENRL says that the visit ends on the day on which it starts (7.3.1, assumption 5).
                    yield (self.numbers[code], code, self.day(code), arm, arm, rule, None)


def design_of(reports: Sequence[Report], problems: list[Problem], notes: list[str], *, by_position: bool) -> Design:
    """Return the planned visits: those of the protocol in force, then those of other versions that were attended.

    SV says SVPRESP "Y" of both, and "the values of VISITNUM in the TV dataset are the valid values of VISITNUM for
    planned visits" (SDTMIG 3.4, 7.3.1, assumption 6). What keeps them from being numbered is noted in `problems`.
    """
    protocol = reports[0].plan.protocol
    visits = {visit.code: visit for visit in protocol.expanded}
    older: dict[str, str] = {}
    for report in reports:
        for checked in report:
            if checked.code not in visits:
                visits[checked.code], older[checked.code] = checked.planned.visit, checked.version
    differ = any(visit.arms and not set(protocol.arms) <= set(visit.arms) for visit in visits.values())
    arms = protocol.arms if differ else ()
    design = Design(protocol, visits, older, arms, _numbers(visits, by_position=by_position))
    _check_numbers(design, problems, notes)
    if by_position:
        notes.append("VISITNUM is the place of each visit in the protocol, not a number of the protocol")
    notes += [
        f"TV: the arm {arm!r} is longer than the {LONGEST_ARM} characters of ARMCD"
        for arm in design.arms
        if len(arm) > LONGEST_ARM
    ]
    return design


def _numbers(visits: Mapping[str, Visit], *, by_position: bool) -> dict[str, Number]:
    if by_position:
        return {code: place for place, code in enumerate(visits, start=1)}
    numbers = {code: visit.numbering.number for code, visit in visits.items()}
    return {code: number for code, number in numbers.items() if isinstance(number, int | float)}


def _check_numbers(design: Design, problems: list[Problem], notes: list[str]) -> None:
    missing = [code for code in design.visits if code not in design.numbers]
    if missing:
        expected = "a `number` for each in the protocol, or numbers by position (--number-by-position)"
        problems.append(Problem("VISITNUM", "", expected, f"{', '.join(missing)}: no number"))
    sharing: dict[Number, list[str]] = defaultdict(list)
    for code, number in design.numbers.items():
        sharing[number].append(code)
    for number, codes in sharing.items():
        if len(codes) == 1:
            continue
        names = " and ".join(codes)
        arms = design.arms or (None,)
        if any(sum(_in_arm(design.visits[code], arm) for code in codes) > 1 for arm in arms):
            # "Subjects can have 1 and only 1 record per VISITNUM" (SDTMIG 3.4, 5.5, assumption 2).
            expected = "one visit for a number: a subject has one record of each in SV"
            problems.append(Problem("VISITNUM", str(number), expected, f"the number of {names}"))
        else:
            notes.append(f"VISITNUM {number} is that of {names}, in different arms: one visit for a number is meant")


def _in_arm(visit: Visit, arm: str | None) -> bool:
    return arm is None or not visit.arms or arm in visit.arms


def start_rule(visit: Visit, version: str | None = None) -> str:
    """Return in words when a visit is, as TVSTRL: the protocol's rule, its window and limits, what is assumed.

    They are the document's own words: "This should reflect the wording in the protocol" (SDTMIG 3.4, 7.3.1,
    assumption 3). What was given as a value, not as text, is in canonical words.
    """
    timing, written = visit.timing, visit.timing.written
    words = ANCHOR_RULE if timing.when is None else written.when or str(timing.when)
    if timing.when is not None and timing.counts_from == "target":
        words += f", counted from the target of {timing.when.visit}"
    if timing.window is not None:
        name = "assumed window" if timing.assumed else "window"
        words += f", {name} {written.window or timing.window}"
    if timing.not_before is not None:
        words += f", not before {written.not_before or timing.not_before}"
    if timing.not_after is not None:
        words += f", not after {written.not_after or timing.not_after}"
    return f"{words[0].upper()}{words[1:]}{f', by version {version}' if version else ''}"
