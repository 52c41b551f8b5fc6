"""Which planned visit a day is nearest to, and analysis windows."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pendulum
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.analysis import AnalysisWindow, Distance, Nearest, analysis_windows, nearest

# Targets: 2, 12, 22 March, 1 April. Windows: V1 27 February to 5 March, V2 10 to 17 March, V3 15 to 29 March (assumed),
# none of V4. The windows of V2 and V3 share 15, 16 and 17 March; 17 March is equally far from both targets.
PROTOCOL = ts.Protocol(
    "demo",
    "1",
    "V1",
    [
        ts.Visit("V1", "on-site", ts.Timing(window="±3 days"), epoch="treatment"),
        ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="-2/+5 days"), epoch="treatment"),
        ts.Visit("V3", "phone", ts.Timing("20 days after V1", window="±7 days", assumed=True), epoch="follow-up"),
        ts.Visit("V4", "phone", ts.Timing("30 days after V1"), epoch="follow-up"),
    ],
)
PLAN = ts.schedule(PROTOCOL, ts.Subject("S", baseline=date(2026, 3, 2)))
FIRST, LAST = date(1990, 1, 1), date(2100, 1, 1)
SMALL = strategies.protocols(max_visits=5, max_occurrences=2)
IN_DAYS = strategies.protocols(max_visits=5, max_occurrences=2, months=False)
PLANS = SMALL.flatmap(lambda protocol: strategies.plans(protocol=protocol, min_value=FIRST, max_value=LAST))
DAYS = st.integers(-500, 3000)  # from the baseline


@st.composite
def plans_and_days(draw: st.DrawFn) -> tuple[ts.Plan, date]:
    """Draw a plan and a day, mostly one at an end of a window or between two targets, where rules change."""
    plan = draw(PLANS)
    ends = [day for row in plan for day in (row.target, row.earliest, row.latest) if day is not None]
    middles = [a.target + (b.target - a.target) // 2 for a, b in pairwise(sorted(plan, key=lambda row: row.target))]
    day = draw(st.sampled_from([*ends, *middles]) | DAYS.map(lambda days: plan.baseline + timedelta(days)))
    return plan, day + timedelta(draw(st.integers(-1, 1)))


@pytest.mark.parametrize(
    ("day", "visit", "distance", "windows", "tied"),
    [
        # in one window
        (date(2026, 2, 27), "V1", -3, ("V1",), ()),
        (date(2026, 3, 2), "V1", 0, ("V1",), ()),
        (date(2026, 3, 10), "V2", -2, ("V2",), ()),
        (date(2026, 3, 29), "V3", 7, ("V3",), ()),  # V4, without window, has its target 3 days away
        # in several windows: the nearest target, the later one on 17 March, 5 days from both
        (date(2026, 3, 15), "V2", 3, ("V2", "V3"), ()),
        (date(2026, 3, 16), "V2", 4, ("V2", "V3"), ()),
        (date(2026, 3, 17), "V3", -5, ("V2", "V3"), ("V2", "V3")),
        # in none: the nearest target of all visits; on 7 March V1 and V2 are 5 days away, on 30 March V4 is nearest
        (date(2020, 1, 1), "V1", -2252, (), ()),
        (date(2026, 3, 6), "V1", 4, (), ()),
        (date(2026, 3, 7), "V2", -5, (), ("V1", "V2")),
        (date(2026, 3, 8), "V2", -4, (), ()),
        (date(2026, 3, 30), "V4", -2, (), ()),
        (date(2026, 5, 1), "V4", 30, (), ()),
    ],
)
def test_a_day_belongs_to_its_window_else_to_the_nearest_target(
    day: date, visit: str, distance: int, windows: tuple[str, ...], tied: tuple[str, ...]
) -> None:
    """In one window that visit, in several or in none the nearest target, of two equally near the later."""
    found = nearest(PLAN, day)
    assert (found.day, found.visit, found.days_from_target, found.windows, found.tied) == (
        day,
        visit,
        distance,
        windows,
        tied,
    )


def test_every_distance_is_told() -> None:
    """The answer has every visit with signed days from its target and out of its window, for any other rule."""
    assert nearest(PLAN, date(2026, 3, 7)) == Nearest(
        date(2026, 3, 7),
        "V2",
        -5,
        (),
        ("V1", "V2"),
        (Distance("V1", 5, 2), Distance("V2", -5, -3), Distance("V3", -15, -8), Distance("V4", -25, None)),
    )


def test_the_visits_to_choose_from_can_be_named() -> None:
    """Only the visits asked for take part, in protocol order and each once, whatever the order of the codes."""
    found = nearest(PLAN, date(2026, 3, 16), visits=["V4", "V3", "V4"])
    assert (found.visit, [distance.visit for distance in found.distances]) == ("V3", ["V3", "V4"])
    windows = analysis_windows(PLAN, visits=(row.code for row in PLAN if row.epoch == "follow-up"))
    # 22 March + 5 = 27 March is the middle day of 22 March and 1 April.
    assert [(w.visit, w.first, w.last) for w in windows] == [
        ("V3", None, date(2026, 3, 26)),
        ("V4", date(2026, 3, 27), None),
    ]


def test_visits_with_one_target() -> None:
    """On one target the last in protocol order is nearest, and both are told; no analysis window tells them apart."""
    visits = [ts.Visit("D0", "on-site"), ts.Visit("LAB", "home", "on D0"), ts.Visit("D9", "phone", "9 days after D0")]
    plan = ts.schedule(ts.Protocol("demo", "1", "D0", visits), ts.Subject("S", baseline=date(2026, 3, 2)))
    found = nearest(plan, date(2026, 3, 1))
    assert (found.visit, found.tied) == ("LAB", ("D0", "LAB"))
    # 9 days have no middle one: on 6 March the first is a day nearer, and nothing is to be told apart.
    assert nearest(plan, date(2026, 3, 6), visits=["D0", "D9"])[1:5] == ("D0", 4, (), ())
    with pytest.raises(ts.InvalidValueError, match="D0 and LAB have the same target, 2026-03-02") as caught:
        analysis_windows(plan)
    assert caught.value.where == "visits"
    # An odd number of days has no middle day: 2 March + 4 is nearer to the first, + 5 to the second.
    assert analysis_windows(plan, visits=["D0", "D9"]) == (
        AnalysisWindow("D0", date(2026, 3, 2), None, date(2026, 3, 6)),
        AnalysisWindow("D9", date(2026, 3, 11), date(2026, 3, 7), None),
    )


def test_the_table_of_a_published_analysis_plan() -> None:
    """The windows of NCT03347279, statistical analysis plan, page 33: the middle day counts for the later visit."""
    weeks = {"W2": 15, "W4": 29, "W8": 57, "W12": 85, "W16": 113, "W20": 141}  # target by study day
    visits = [ts.Visit("W0", "on-site")]
    visits += [ts.Visit(code, "on-site", f"{day - 1} days after W0") for code, day in weeks.items()]
    plan = ts.schedule(ts.Protocol("demo", "1", "W0", visits), ts.Subject("S", baseline=date(2026, 3, 2)))

    def day(number: int) -> date:
        return ts.date_of_study_day(number, plan.day_zero)

    windows = analysis_windows(plan, visits=weeks, first=day(2), last=day(154))
    assert windows == tuple(
        AnalysisWindow(code, day(weeks[code]), day(first), day(last))
        for code, (first, last) in {
            "W2": (2, 21),
            "W4": (22, 42),
            "W8": (43, 70),
            "W12": (71, 98),
            "W16": (99, 126),
            "W20": (127, 154),
        }.items()
    )
    assert day(1) not in windows[0]
    assert day(2) in windows[0]
    assert day(154) in windows[-1]
    assert day(155) not in windows[-1]


def test_windows_stand_in_the_order_of_their_targets() -> None:
    """A document may list its visits in another order; windows follow time."""
    visits = [ts.Visit("D0", "on-site"), ts.Visit("D20", "phone", "20 days after D0")]
    visits += [ts.Visit("D10", "phone", "10 days after D0")]
    plan = ts.schedule(ts.Protocol("demo", "1", "D0", visits), ts.Subject("S", baseline=date(2026, 3, 2)))
    assert [window.visit for window in analysis_windows(plan)] == ["D0", "D10", "D20"]
    # 17 March is 5 days from D10 and D20; the later target counts, not the later row of the document.
    assert nearest(plan, date(2026, 3, 17)).visit == "D20"


def test_what_is_attended_moves_both() -> None:
    """Targets are those of the plan: a dose two days late moves the visits that count from it, and their windows."""
    plan = ts.schedule(PROTOCOL, ts.Subject("S", baseline=date(2026, 3, 2)).attended("V1", date(2026, 3, 4)))
    assert nearest(plan, date(2026, 3, 8)).visit == "V2"  # 14 March is 6 days away, V1's target stays on 2 March
    assert analysis_windows(plan)[1] == AnalysisWindow("V2", date(2026, 3, 14), date(2026, 3, 8), date(2026, 3, 18))


def test_the_ends_of_the_calendar_have_a_window() -> None:
    """Windows without an end take in the first and the last day there is."""
    first, *_, last = analysis_windows(PLAN)
    assert date.min in first
    assert date.max in last
    assert nearest(PLAN, date.max).visit == "V4"


def test_a_partly_known_date_is_refused() -> None:
    """The message says which days it could be, and what to ask instead."""
    partial = ts.PartialDate(2026, 3)
    with pytest.raises(ts.InvalidTypeError, match=r"2026-03 could be 2026-03-01\.\.2026-03-31; ask for") as caught:
        nearest(PLAN, partial)  # type: ignore[arg-type]
    assert caught.value.where == "day"
    with pytest.raises(ts.InvalidTypeError, match="a whole date is meant"):
        assert partial in analysis_windows(PLAN)[0]


def test_a_datetime_is_refused_and_a_date_of_another_class_taken() -> None:
    """A day has no time; outputs are plain dates."""
    moment = datetime(2026, 3, 7, 12)  # noqa: DTZ001 - the kind that is refused
    with pytest.raises(ts.InvalidTypeError):
        nearest(PLAN, moment)
    for name in ("first", "last"):
        with pytest.raises(ts.InvalidTypeError) as caught:
            analysis_windows(PLAN, visits=None, **{name: moment})
        assert caught.value.where == name
    assert type(nearest(PLAN, pendulum.Date(2026, 3, 7)).day) is date
    windows = analysis_windows(PLAN, first=pendulum.Date(2026, 3, 1), last=pendulum.Date(2026, 5, 1))
    assert [type(day) for day in (windows[0].first, windows[-1].last)] == [date, date]


def test_codes_that_are_not_in_the_plan() -> None:
    """An unknown code names the nearest; one text, and no code at all, are refused."""
    for ask in (
        lambda visits: nearest(PLAN, date(2026, 3, 7), visits=visits),
        lambda v: analysis_windows(PLAN, visits=v),
    ):
        with pytest.raises(ts.UnknownVisitError, match="'V4'"):
            ask(["V44"])
        with pytest.raises(ts.InvalidTypeError, match="several visit codes are meant"):
            ask("V1")
        with pytest.raises(ts.InvalidValueError, match="at least one code") as caught:
            ask([])
        assert caught.value.where == "visits"


def test_a_target_outside_of_the_ends_is_refused() -> None:
    """Both ends are included: a target may be on them, and not beyond."""
    one = date(2026, 3, 2)
    assert analysis_windows(PLAN, visits=["V1"], first=one, last=one) == (AnalysisWindow("V1", one, one, one),)
    for name, day in (("first", date(2026, 3, 3)), ("last", date(2026, 3, 1))):
        with pytest.raises(ts.InvalidValueError, match="V1, 2026-03-02, is") as caught:
            analysis_windows(PLAN, visits=["V1"], **{name: day})
        assert caught.value.where == name


def one_each(plan: ts.Plan) -> list[str]:
    """Return the codes of visits with different targets, of each target one."""
    return list({row.target: row.code for row in plan}.values())


@given(plans_and_days())
def test_the_visit_is_decided_by_windows_first_then_by_distance(drawn: tuple[ts.Plan, date]) -> None:
    """No visit among those that may be chosen is nearer, or as near with a later target."""
    plan, day = drawn
    found = nearest(plan, day)
    inside = {row.code for row in plan if row.window is not None and day in row.window}
    assert set(found.windows) == inside
    may = [row for row in plan if row.code in inside] or list(plan)
    assert found.visit in {row.code for row in may}
    best = plan[found.visit].target
    assert (day - best).days == found.days_from_target
    for row in may:
        assert (-abs((day - row.target).days), row.target) <= (-abs(found.days_from_target), best)
    least = [row.code for row in may if abs((day - row.target).days) == abs(found.days_from_target)]
    assert found.tied == (tuple(least) if len(least) > 1 else ())


@given(plans_and_days())
def test_distances_say_which_window_holds_the_day(drawn: tuple[ts.Plan, date]) -> None:
    """`days_out` is 0 if and only if the day is inside; moved by it the day is on the window's nearer end."""
    plan, day = drawn
    for row, distance in zip(plan, nearest(plan, day).distances, strict=True):
        assert distance.visit == row.code
        assert row.target + timedelta(distance.days_from_target) == day
        assert (distance.days_out is None) == (row.window is None)
        if row.window is not None and distance.days_out is not None:
            assert (distance.days_out == 0) == (day in row.window)
            end = row.earliest if distance.days_out < 0 else row.latest
            assert distance.days_out == 0 or day - timedelta(distance.days_out) == end


@given(plans_and_days())
def test_analysis_windows_partition_the_days(drawn: tuple[ts.Plan, date]) -> None:
    """Every day is in exactly one, each target inside its own; they stand side by side, the outer ends open."""
    plan, drawn_day = drawn
    visits = one_each(plan)
    windows = analysis_windows(plan, visits=visits)
    assert sorted(window.visit for window in windows) == sorted(visits)
    for day in (drawn_day, date.min, date.max, *(row.target for row in plan)):
        assert sum(day in window for window in windows) == 1
    for window in windows:
        assert window.target == plan[window.visit].target
        assert window.target in window
    assert windows[0].first is windows[-1].last is None
    for one, following in pairwise(windows):
        assert one.last is not None
        assert following.first == one.last + timedelta(1)


@given(plans_and_days())
def test_without_windows_both_say_the_same(drawn: tuple[ts.Plan, date]) -> None:
    """For a day in no window of the plan, the analysis window that holds it is that of the nearest visit."""
    plan, day = drawn
    visits = one_each(plan)
    found = nearest(plan, day, visits=visits)
    if not found.windows:
        assert [window.visit for window in analysis_windows(plan, visits=visits) if day in window] == [found.visit]


@given(IN_DAYS, strategies.baselines(min_value=FIRST, max_value=LAST), DAYS, st.integers(-2000, 2000))
def test_shifting_every_date_shifts_nothing_else(protocol: ts.Protocol, baseline: date, days: int, by: int) -> None:
    """For protocols in days only, a baseline and a day moved by as many days give the same visit and distances."""
    one, other = (ts.schedule(protocol, ts.Subject("S", baseline=baseline + timedelta(n))) for n in (0, by))
    day = baseline + timedelta(days)
    assert nearest(other, day + timedelta(by))._replace(day=day) == nearest(one, day)
    windows = zip(
        analysis_windows(one, visits=one_each(one)), analysis_windows(other, visits=one_each(one)), strict=True
    )
    for here, there in windows:
        assert (there.visit, there.target) == (here.visit, here.target + timedelta(by))
        assert (there.first, there.last) == tuple(day and day + timedelta(by) for day in (here.first, here.last))


@given(PLANS)
def test_windows_of_the_plan_play_no_part_in_analysis_windows(plan: ts.Plan) -> None:
    """A plan of the same targets without any window has the same analysis windows: the two kinds are never mixed."""
    days = sorted({(row.target - plan.baseline).days for row in plan if row.target > plan.baseline})
    assume(days)
    bare = [ts.Visit(f"T{day}", "phone", f"{day} days after A") for day in days]
    protocol = ts.Protocol("bare", "1", "A", [ts.Visit("A", "on-site"), *bare])
    other = ts.schedule(protocol, ts.Subject("S", baseline=plan.baseline))
    codes = {row.target: row.code for row in plan if row.target > plan.baseline}
    ours = analysis_windows(plan, visits=codes.values())
    theirs = analysis_windows(other, visits=[visit.code for visit in bare])
    assert [(w.first, w.last, w.target) for w in ours] == [(w.first, w.last, w.target) for w in theirs]
