"""Doubts about what is recorded: dates that stand out, which a person may have mistyped. They stop nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from trialsched.errors import TrialschedError
from trialsched.offsets import Offset, PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trialsched.compliance import Finding
    from trialsched.formats.journal import Difference, State
    from trialsched.subject import Subject
    from trialsched.trial import Trial

# What `check` finds in dates that were recorded; what it finds in others is no slip of the hand.
_KINDS: Final = frozenset(
    {
        "early",
        "late",
        "too-close",
        "out-of-order",
        "in-other-window",
        "after-end",
        "in-the-future",
        "booked-outside",
    }
)
_DAYS: Final = ("booked", "attended")
_SATURDAY, _SUNDAY = 6, 7
_NAMES: Final = {_SATURDAY: "Saturday", _SUNDAY: "Sunday"}


class Doubt(NamedTuple):
    """What stands out: its kind, the visit and its date, how many days it is out (None without a number), in words."""

    kind: str
    visit: str | None
    date: str | None
    days_out: int | None
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return self._asdict()


def far_ahead(day: date | PartialDate | None, as_of: date) -> bool:
    """Return whether a day is surely more than a year after another."""
    first = day.days.earliest if isinstance(day, PartialDate) else day
    return first is not None and first > Offset.parse("1 year").after(as_of)


def doubts(trial: Trial, before: State, after: State, said: Difference, as_of: date) -> list[Doubt]:
    """Return what stands out in what was said: weekends, ends, and what `check` finds now and did not before."""
    found = [*_of_days(said, after), *_of_subject(said, as_of)]
    known = {_key(finding) for finding in _findings(trial, before, said.subject, as_of)}
    for finding in _findings(trial, after, said.subject, as_of):
        if finding.kind in _KINDS and _key(finding) not in known:
            day = None if finding.date is None else str(finding.date)
            detail = finding.detail
            if finding.kind == "in-the-future":  # its own words are those of a report, and here is none
                detail = f"attended {day}, which is still to come on {as_of}"
            found.append(Doubt(finding.kind, finding.visit, day, finding.days_out, detail))
    return found


def _key(finding: Finding) -> tuple[object, ...]:
    return finding.kind, finding.visit, finding.other, finding.date


def _findings(trial: Trial, state: State, code: str, as_of: date) -> tuple[Finding, ...]:
    subject = _subject_in(state, code)
    if subject is None or not trial.protocols:
        return ()
    try:
        return trial.report(subject, as_of).findings
    except TrialschedError:  # nothing can be planned for this subject: the commands that plan say why
        return ()


def _subject_in(state: State, code: str) -> Subject | None:
    """Return a subject with its records."""
    from dataclasses import replace

    rows = tuple(row.record for row in state.rows if row.subject == code)
    found = [subject for subject in state.subjects if subject.code == code]
    return replace(found[0], records=rows) if found else None


def _of_days(said: Difference, after: State) -> Iterator[Doubt]:
    """Yield what stands out in the days themselves: a Saturday or Sunday, a booking after the end."""
    if said.visit is None:
        return
    subject = _subject_in(after, said.subject)
    ended = None if subject is None else subject.ended
    for name in _DAYS:
        day = getattr(said.is_, name, None)
        if not isinstance(day, date) or day == getattr(said.was, name, None):
            continue
        if day.isoweekday() >= _SATURDAY:
            yield _weekend(said.visit, f"{name} for" if name == "booked" else name, day)
        if name == "booked" and ended is not None and day > ended:
            detail = f"booked for {day}, after the end of participation, {ended}"
            yield Doubt("after-end", said.visit, str(day), None, detail)


def _weekend(visit: str | None, words: str, day: date) -> Doubt:
    return Doubt("weekend", visit, str(day), None, f"{words} {day}, a {_NAMES[day.isoweekday()]}")


def _of_subject(said: Difference, as_of: date) -> Iterator[Doubt]:
    """Yield what stands out in a subject's own days: a baseline on a Saturday or Sunday, an end that is to come."""
    from trialsched.subject import Subject

    is_, was = said.is_, said.was
    if not isinstance(is_, Subject):
        return
    before = was if isinstance(was, Subject) else Subject(is_.code)
    baseline, ended = is_.baseline, is_.ended
    if baseline is not None and baseline != before.baseline and baseline.isoweekday() >= _SATURDAY:
        yield _weekend(None, "baseline", baseline)
    if ended is not None and ended != before.ended and ended > as_of:
        detail = f"end of participation {ended}, which is still to come on {as_of}"
        yield Doubt("in-the-future", None, str(ended), None, detail)
