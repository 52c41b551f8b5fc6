"""The ALSTEM plans worked by hand in `alstem_plans.txt`."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import trialsched as ts

TEXT = (Path(__file__).parent / "alstem_plans.txt").read_text("utf-8")


def worked() -> Iterator[tuple[date, list[list[str]]]]:
    """Yield every baseline with its rows as words."""
    body = [line for line in TEXT.splitlines() if not line.startswith("#")]
    for block in "\n".join(body).strip().split("\n\n"):
        head, *rows = block.splitlines()
        yield date.fromisoformat(head.removeprefix("baseline ")), [row.split() for row in rows]


@pytest.mark.parametrize(("baseline", "rows"), list(worked()), ids=lambda value: str(value)[:10])
def test_the_plan_is_the_one_worked_by_hand(baseline: date, rows: list[list[str]]) -> None:
    """Target, window, weekday and basis of all 17 visits are those of the hand calculation."""
    plan = ts.schedule(ts.load_protocol("alstem"), ts.Subject("P01-007", baseline=baseline))
    found = [[r.code, str(r.target), str(r.earliest), str(r.latest), r.weekday, r.window_basis] for r in plan]
    assert len(rows) == 17
    assert found == rows


def test_three_baselines_were_worked() -> None:
    """A leap day, a 31st in a common year and a 30th before a common year."""
    assert [str(baseline) for baseline, _ in worked()] == ["2024-02-29", "2023-08-31", "2024-11-30"]
