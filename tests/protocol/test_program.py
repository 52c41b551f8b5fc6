"""What follows from a protocol alone."""

from datetime import date

import trialsched as ts
from trialsched.protocol import cut, program

CYCLES = ts.load_protocol("cycles")
RANGE = ts.DateRange(date(2026, 3, 1), date(2026, 3, 10))


def test_steps_come_references_first() -> None:
    """Each row stands after the rows it counts from or is limited by."""
    for arm in (None, "A", "B"):
        seen: set[int] = set()
        for step in program(CYCLES, arm).steps:
            needs = {row for row in (step.parent, *(row for _, _, row in step.limits)) if row is not None}
            assert needs <= seen
            seen.add(step.row)
        assert seen == set(range(len(CYCLES.rows(arm))))


def test_a_program_is_made_once_for_each_arm() -> None:
    """The second question for an arm is answered from the first."""
    assert program(CYCLES, "A") is program(CYCLES, "A")
    assert program(CYCLES, "A") is not program(CYCLES, "B")


def test_the_designs_own_targets_and_windows() -> None:
    """SAFE of arm B, by hand: RAND 1 January 2026, infusions 8 Jan, 19 Feb, 2 Apr, SAFE 16 April -3/+10 days."""
    compiled = program(CYCLES, "B")
    targets: list[date | None] = [date(2026, 1, 1)] * len(compiled.rows)
    windows: dict[str, ts.DateRange | None] = {}
    for step in compiled.steps:
        target = targets[step.row] = step.target(targets)
        assert target is not None
        windows[step.visit.code] = step.window(target, targets)
    assert targets[compiled.places["SAFE"]] == date(2026, 4, 16)
    assert windows["SAFE"] == ts.DateRange(date(2026, 4, 13), date(2026, 4, 26))


def test_what_counts_from_no_date_has_none() -> None:
    """A row that leaves the calendar takes with it the rows that count from it, and cuts no window."""
    compiled = program(CYCLES, "B")
    safe = next(step for step in compiled.steps if step.visit.code == "SAFE")
    nothing: list[date | None] = [None] * len(compiled.rows)
    assert safe.target(nothing) is None
    assert safe.window(date(2026, 4, 16), nothing) == ts.DateRange(date(2026, 4, 13), date(2026, 4, 26))


def test_a_limit_includes_its_day() -> None:
    """What a limit leaves begins or ends on its own day; nothing left is None."""
    assert cut(RANGE, "not_before", date(2026, 3, 10)) == ts.DateRange(date(2026, 3, 10), date(2026, 3, 10))
    assert cut(RANGE, "not_before", date(2026, 3, 11)) is None
    assert cut(RANGE, "not_before", date(2026, 2, 1)) == RANGE
    assert cut(RANGE, "not_after", date(2026, 3, 1)) == ts.DateRange(date(2026, 3, 1), date(2026, 3, 1))
    assert cut(RANGE, "not_after", date(2026, 2, 28)) is None
    assert cut(RANGE, "not_after", date(2026, 4, 1)) == RANGE
    assert cut(None, "not_after", date(2026, 4, 1)) is None
