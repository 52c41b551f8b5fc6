"""The hunt: random subjects judged by the library and by the oracles, and that it would notice what went wrong once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from tests.properties import hunt as hunting
from tests.properties.hunt import Found, hunt
from trialsched import adherence, worklist
from trialsched.compliance import KINDS, STATUSES, CheckedVisit, Report, bookings, check, rules
from trialsched.compliance.model import Judged
from trialsched.plan import PlannedVisit
from trialsched.subject import VisitRecord

SEED = 2026


@cache
def _hunted() -> Found:
    return hunt(SEED, 1500)


def test_the_library_says_what_the_oracles_say() -> None:
    """Dates, statuses, verdicts, findings, rates and worklists of 1,500 subjects; the order of records but for ties."""
    assert _hunted().differences == []


@pytest.mark.parametrize(
    "situation",
    [
        *STATUSES,
        *KINDS,
        *("in", "out", "undecided", "no verdict", "by version 1", "by version 2", "by version 3"),
        *("one day, the planned mode", "one day, other modes", "missed after the end", "due after its target"),
        "booked after the end",
        *("too-close told at the earlier in the protocol", "too-close told at the later in the protocol"),
        *("booked-outside told at the earlier in the protocol", "booked-outside told at the later in the protocol"),
    ],
)
def test_what_decides_comes_up(situation: str) -> None:
    """A hunt proves nothing about what never came up among its subjects."""
    assert _hunted().situations[situation] >= 5


def test_a_seed_gives_the_same_subjects_again() -> None:
    """Another seed gives others; a number of subjects that is no multiple of a trial's is kept."""
    assert hunt(7, 23) == hunt(7, 23)
    assert hunt(7, 23).situations != hunt(8, 23).situations
    said = [name for name in STATUSES for _ in range(hunt(7, 1).situations[name])]
    assert 2 <= len(said) <= 12  # the visits of one subject


def test_what_differs_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command line: nothing and 0, or each difference with its seed and 1; what came up follows."""
    assert hunting.main(["7", "20"]) == 0
    out = capsys.readouterr().out
    assert "seed 7" not in out
    assert " done\n" in out
    monkeypatch.setattr(adherence, "_is_due", lambda visit, as_of: True)  # noqa: ARG005 - the fault
    assert hunting.main(["7", "20"]) == 1
    assert capsys.readouterr().out.startswith("seed 7, trial 1: ")


def _statuses(change: Callable[[CheckedVisit, date], str]) -> Callable[..., Report]:
    """Return `check` with other statuses."""

    def other_check(*args: Any, **kwargs: Any) -> Report:  # noqa: ANN401 - those of `check`
        report = check(*args, **kwargs)
        statuses: Any = tuple(change(visit, report.as_of) for visit in report)
        judged = Judged(report._judged.rows, statuses, report._judged.versions)
        return Report(report.plans, report.plan, report.as_of, judged, report.findings)

    return other_check


_RANK, _PAIRS = PlannedVisit._rank_of_attended, bookings.spaced_pairs


def _missed_first(visit: CheckedVisit, _: date) -> str:
    return "missed" if visit.status == "not-expected" and visit.outcome == "missed" else visit.status


def _overdue_after_the_target(visit: CheckedVisit, as_of: date) -> str:
    return "overdue" if visit.status == "due" and visit.latest and as_of > visit.target else visit.status


def _any_mode(row: PlannedVisit, record: VisitRecord) -> tuple[bool, int, int, bool]:
    return _RANK(row, replace(record, mode=None))


def _by_the_spacing(*args: Any) -> Iterator[bookings.SpacedPair]:  # noqa: ANN401 - those of `spaced_pairs`
    for pair in _PAIRS(*args):
        ours = pair.later == pair.spacing.second
        yield (
            pair
            if ours
            else pair._replace(earlier=pair.later, later=pair.earlier, first=pair.second, second=pair.first)
        )


FAULTS: dict[str, tuple[object, str, object]] = {
    "of records of one day the planned mode does not count": (PlannedVisit, "_rank_of_attended", _any_mode),
    "missed before not expected": (hunting, "check", _statuses(_missed_first)),
    "overdue on the first day that a limit allows": (hunting, "check", _statuses(_overdue_after_the_target)),
    "a spacing is told at its second visit": (rules, "spaced_pairs", _by_the_spacing),
    "visits that are not expected are counted": (adherence, "_is_due", lambda visit, as_of: visit.latest < as_of),
    "bookings after the end are not to be cancelled": (worklist, "_to_cancel", lambda report, booked: False),  # noqa: ARG005
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Put back into the library, each of them makes the oracles disagree."""
    target, name, wrong = FAULTS[fault]
    monkeypatch.setattr(target, name, wrong)
    assert hunt(SEED, 400).differences
