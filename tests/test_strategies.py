"""The strategies that others test with."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

import trialsched as ts
from trialsched import strategies


@pytest.mark.parametrize("kind", [ts.Offset, ts.Window, ts.DateRange, ts.Protocol, ts.Subject, ts.Plan, ts.Clinic])
def test_from_type_finds_them_after_install(kind: type) -> None:
    """Registered through Hypothesis's entry point, in a process that imports nothing of ours but the package."""
    code = (
        "import trialsched as ts, warnings\n"
        "from hypothesis import strategies as st, given, settings, HealthCheck\n"
        f"kind = ts.{kind.__name__}\n"
        "@settings(max_examples=5, database=None, deadline=None, suppress_health_check=list(HealthCheck))\n"
        "@given(st.from_type(kind))\n"
        "def test(value):\n    assert isinstance(value, kind)\n"
        "test(); print('drawn')"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("drawn\n", "")


@pytest.mark.parametrize("first", ["trialsched.strategies", "hypothesis"])
def test_either_import_may_come_first(first: str) -> None:
    """Importing the strategies imports Hypothesis, which calls our entry point meanwhile."""
    code = f"import {first}; import trialsched.strategies as s; print(s.offsets())"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout


def test_without_hypothesis_the_message_names_the_extra() -> None:
    """Importable only when Hypothesis is there."""
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try:\n    import trialsched.strategies\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "trialsched.strategies needs Hypothesis: pip install 'trialsched[strategies]'\n"


@given(st.data())
def test_bounds_are_kept(data: st.DataObject) -> None:
    """Every bound is inclusive."""
    offset = data.draw(strategies.offsets(min_months=-2, max_months=3, min_days=-4, max_days=5))
    assert -2 <= offset.months <= 3
    assert -4 <= offset.days <= 5
    window = data.draw(strategies.windows(min_days=1, max_days=2, max_months=0))
    assert all(side.months == 0 and 1 <= side.days <= 2 for side in (window.before, window.after))
    low, high = date(2024, 2, 27), date(2024, 3, 2)
    days = data.draw(strategies.date_ranges(min_value=low, max_value=high, min_length=2, max_length=3))
    assert low <= days.earliest <= days.latest <= high
    assert 2 <= len(days) <= 3
    assert low <= data.draw(strategies.baselines(min_value=low, max_value=high)) <= high


@given(st.data())
def test_bounds_of_protocols_and_subjects_are_kept(data: st.DataObject) -> None:
    """Counts, months, limits, arms, cycles, records and baselines stay within what was asked."""
    protocol = data.draw(
        strategies.protocols(
            min_visits=2, max_visits=3, max_arms=0, max_occurrences=0, months=False, limits=False
        )
    )  # fmt: skip
    assert 2 <= len(protocol.expanded) <= 3
    assert protocol.arms == ()
    for visit in protocol.visits:
        timing = visit.timing
        assert visit.repeat is None
        assert timing.not_before is timing.not_after is None
        assert timing.when is None or timing.when.offset.months == 0
        assert timing.window is None or timing.window.before.months == timing.window.after.months == 0
    day = date(2026, 3, 2)
    plan = data.draw(strategies.plans(protocol=protocol, min_value=day, max_value=day, max_records=1))
    assert plan.baseline == day
    assert len(plan.subject.records) <= 1
    assert plan.protocol is protocol


@given(strategies.plans())
def test_defaults_stay_within_the_years_a_person_means(plan: ts.Plan) -> None:
    """With the defaults no drawn date leaves 1900 to 2199."""
    days = [day for row in plan for day in (row.target, row.earliest, row.latest, row.attended, row.booked)]
    assert all(1900 <= day.year <= 2199 for day in days if day is not None)


@pytest.mark.parametrize(
    "make",
    [
        lambda: strategies.offsets(min_days=2, max_days=1),
        lambda: strategies.offsets(min_months=2, max_months=1),
        lambda: strategies.offsets(min_months=1, max_days=-1),
        lambda: strategies.windows(min_days=-1),
        lambda: strategies.windows(max_months=-1),
        lambda: strategies.date_ranges(min_length=0),
        lambda: strategies.date_ranges(min_value=date(2026, 1, 2), max_value=date(2026, 1, 1)),
        lambda: strategies.date_ranges(min_value=date(2026, 1, 1), max_value=date(2026, 1, 2), min_length=3),
        lambda: strategies.baselines(min_value=date(2026, 1, 2), max_value=date(2026, 1, 1)),
        lambda: strategies.protocols(min_visits=0),
        lambda: strategies.protocols(max_arms=-1),
        lambda: strategies.subjects(max_records=-1),
        lambda: strategies.plans(max_records=-1),
    ],
)
def test_bounds_that_leave_nothing_raise(make: type) -> None:
    """Raise rather than silently draw nothing."""
    with pytest.raises(InvalidArgument):
        make()


FEATURES: dict[str, Callable[[ts.Protocol], object]] = {
    "a chain": lambda p: any(v.timing.when and v.timing.when.visit != p.anchor for v in p.expanded),
    "arms": lambda p: any(v.arms for v in p.visits),
    "a cycle from the first": lambda p: any(getattr(v.repeat, "origin", "") == "first" for v in p.visits),
    "a cycle from the previous": lambda p: any(getattr(v.repeat, "origin", "") == "previous" for v in p.visits),
    "a traveller": lambda p: any(isinstance(v.repeat, str) for v in p.visits),
    "a limit": lambda p: any(v.timing.not_before for v in p.visits),
    "counts from target": lambda p: any(v.timing.counts_from == "target" for v in p.visits),
    "no window": lambda p: any(v.timing.window is None for v in p.visits),
    "an assumed window": lambda p: any(v.timing.assumed for v in p.visits),
    "a lopsided window": lambda p: any(w and w.before != w.after for w in (v.timing.window for v in p.visits)),
    "a spacing": lambda p: p.spacings,
    "a rule": lambda p: p.eligibility,
    "months": lambda p: any(v.timing.when and v.timing.when.offset.months for v in p.visits),
}


def test_every_feature_of_a_protocol_is_drawn() -> None:
    """A law that is tested with these strategies is tested with every feature."""
    drawn: set[str] = set()

    @settings(max_examples=300, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.protocols())
    def look(protocol: ts.Protocol) -> None:
        drawn.update(name for name, has in FEATURES.items() if has(protocol))

    look()
    assert drawn == set(FEATURES)


def test_plans_at_the_end_of_the_calendar() -> None:
    """Baselines that take a visit out of the calendar are passed over, those that do not are drawn."""
    last: set[date] = set()
    alstem, june = ts.load_protocol("alstem"), date(9998, 6, 1)

    @settings(max_examples=30, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.plans(protocol=alstem, min_value=june, max_value=date(9998, 7, 1), max_records=0))
    def look(plan: ts.Plan) -> None:
        last.add(plan["M18"].latest or date.min)

    look()
    # 18 months and 7 days: from 1 June 8 December; 24 June is the last that fits, with 31 December.
    assert date(9999, 12, 8) <= min(last) <= max(last) <= date(9999, 12, 31)
