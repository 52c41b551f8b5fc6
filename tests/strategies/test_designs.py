"""The strategies for designs, and how all of them are found."""

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


@given(
    strategies.protocols(
        min_visits=2, max_visits=3, max_arms=0, max_occurrences=0, months=False, limits=False
    )
)  # fmt: skip
def test_bounds_of_protocols_are_kept(protocol: ts.Protocol) -> None:
    """Counts, months, limits, arms and cycles stay within what was asked."""
    assert 2 <= len(protocol.expanded) <= 3
    assert protocol.arms == ()
    for visit in protocol.visits:
        timing = visit.timing
        assert visit.repeat is None
        assert timing.not_before is timing.not_after is None
        assert timing.when is None or timing.when.offset.months == 0
        assert timing.window is None or timing.window.before.months == timing.window.after.months == 0


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
        lambda: strategies.protocols(max_occurrences=-1),
        lambda: strategies.versions(max_versions=1),
        lambda: strategies.versions(max_visits=0),
        lambda: strategies.versions(max_versions=3, min_value=date(2026, 1, 1), max_value=date(2026, 1, 2)),
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
    "study days from another visit": lambda p: p.study_days_from,
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


VERSIONS: dict[str, Callable[[tuple[ts.Protocol, ...]], object]] = {
    "two": lambda found: len(found) == 2,
    "as many as may be": lambda found: len(found) == 3,
    "the first without a date": lambda found: found[0].meta.in_force is None,
    "the first with a date": lambda found: found[0].meta.in_force is not None,
    "another number of visits": lambda found: len(found[0].visits) != len(found[1].visits),
    "other dates": lambda found: found[0].visits != found[1].visits,
}


def test_versions_are_of_one_protocol_in_the_order_of_coming_into_force() -> None:
    """One id and anchor, no arms, each version and each date once, in order and within the bounds."""
    low, high, drawn = date(2026, 1, 1), date(2026, 1, 4), set[str]()

    @settings(max_examples=100, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.versions(max_versions=3, max_visits=4, min_value=low, max_value=high))
    def look(found: tuple[ts.Protocol, ...]) -> None:
        assert 2 <= len(found) <= 3
        assert {(one.id, one.anchor, one.arms) for one in found} == {(found[0].id, found[0].anchor, ())}
        assert len({one.version for one in found}) == len(found)
        assert all(len(one.visits) <= 8 for one in found)  # a cycle may bring one that travels with it
        days = [one.meta.in_force for one in found]
        dated = [day for day in days if day is not None]
        assert None not in days[1:]
        assert dated == sorted(set(dated))
        assert all(low <= day <= high for day in dated)
        drawn.update(name for name, has in VERSIONS.items() if has(found))

    look()
    assert drawn == set(VERSIONS)
