"""What follows from a protocol alone: its rows in the order they can be computed, and the design's own targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from trialsched.offsets import DateRange, shift

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from trialsched.protocol.model import Protocol
    from trialsched.protocol.parts import Visit, When


class Step(NamedTuple):
    """One row: its place in the plan, the row it counts from (None for the anchor), the rows of its limits."""

    row: int
    visit: Visit
    parent: int | None
    limits: tuple[tuple[str, When, int], ...]

    def target(self, targets: Sequence[date | None]) -> date | None:
        """Return the target from the targets before it, when nothing but the baseline is known; None absorbs.

        Raises `DateOutOfRangeError`.
        """
        when = self.visit.timing.when
        base = targets[self.row if self.parent is None else self.parent]
        return base if when is None or base is None else shift(base, when.offset.months, when.offset.days)

    def window(self, target: date, targets: Sequence[date | None]) -> DateRange | None:
        """Return the window around a target, cut by the limits. Raises `DateOutOfRangeError`."""
        shape = self.visit.timing.window
        window = shape.around(target) if shape else None
        for key, when, row in self.limits:
            base = targets[row]
            if base is not None:
                window = cut(window, key, when.offset.after(base))
        return window


class Program(NamedTuple):
    """The rows of one arm in protocol order, and the steps that compute them, references first."""

    rows: tuple[Visit, ...]
    places: dict[str, int]
    steps: tuple[Step, ...]
    scratch: dict[Any, Any]
    """Room for what `schedule` keeps: bounded by it."""


def cut(window: DateRange | None, limit: str, day: date) -> DateRange | None:
    """Return what a limit leaves of a window, its own day included; None when nothing is left."""
    if window is None:
        return None
    earliest = max(window.earliest, day) if limit == "not_before" else window.earliest
    latest = min(window.latest, day) if limit == "not_after" else window.latest
    return DateRange(earliest, latest) if earliest <= latest else None


def program(protocol: Protocol, arm: str | None = None) -> Program:
    """Return the program of an arm of a protocol, computed once for each."""
    programs: dict[str | None, Program] = protocol.scratch.setdefault("programs", {})
    if arm not in programs:
        programs[arm] = _compile(protocol.rows(arm))
    return programs[arm]


def _compile(rows: tuple[Visit, ...]) -> Program:
    index = {visit.code: row for row, visit in enumerate(rows)}
    steps = []
    for row, visit in enumerate(rows):
        timing = visit.timing
        named = (("not_before", timing.not_before), ("not_after", timing.not_after))
        limits = tuple((key, when, index[when.visit]) for key, when in named if when is not None)
        steps.append(Step(row, visit, index[timing.when.visit] if timing.when else None, limits))
    from graphlib import TopologicalSorter

    before = {s.row: [r for r in (s.parent, *(row for _, _, row in s.limits)) if r is not None] for s in steps}
    order = TopologicalSorter(before).static_order()
    return Program(rows, index, tuple(steps[row] for row in order), {})
