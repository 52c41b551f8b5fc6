"""What is legal but suspicious."""

import pytest

import trialsched as ts

D0 = ts.Visit("D0", "on-site", ts.Timing(window="±1 day"))


def warnings(*visits: ts.Visit, **parts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (place, message) of the warnings on a protocol."""
    return [(p.where, p.message) for p in ts.lint(ts.Protocol("demo", "1", "D0", [D0, *visits], **parts))]  # type: ignore[arg-type]


def call(code: str, when: str, window: str | None = None, **timing: str) -> ts.Visit:
    """Return a phone call with a window."""
    return ts.Visit(code, "phone", ts.Timing(when, window=window, **timing))  # type: ignore[arg-type]


def test_a_plain_protocol_has_no_warnings() -> None:
    """Windows apart, in order, with working days: nothing to say."""
    assert warnings(call("V1", "30 days after D0", "±3 days")) == []


@pytest.mark.parametrize("name", ["alstem", "cycles"])
def test_the_bundled_protocols_have_none(name: str) -> None:
    """What the library ships is clean."""
    assert ts.lint(ts.load_protocol(name)) == ()


@pytest.mark.parametrize(("window", "overlaps"), [("±3 days", True), ("-2/+3 days", False)])
def test_windows_that_share_a_day(window: str, *, overlaps: bool) -> None:
    """D0 ends on day 1; 4 days later ±3 begins on day 1 and shares it, -2 begins on day 2 and does not."""
    found = warnings(call("V1", "4 days after D0", window))
    assert bool(found) is overlaps
    if overlaps:
        assert "windows of D0 and V1 overlap" in found[0][1]


def test_an_overlap_that_only_some_baselines_have_is_found() -> None:
    """One month is 28 to 31 days: with ±2 around day 26 the windows touch in February only."""
    found = warnings(call("V1", "26 days after D0", "±1 day"), call("V2", "1 month after D0", "±1 day"))
    assert [where for where, _ in found] == ["visits[1].window"]
    assert "-02-" in found[0][1] or "-01-" in found[0][1]


def test_targets_out_of_order() -> None:
    """31 days after is after 1 month after for a baseline in a month of 30 days or fewer."""
    found = warnings(call("V1", "31 days after D0"), call("V2", "1 month after D0"))
    assert [where for where, _ in found] == ["visits[2].when"]
    assert "before that of V1" in found[0][1]


def test_limits_that_leave_no_day() -> None:
    """A limit after the window's end leaves nothing."""
    found = warnings(call("V1", "30 days after D0", "±3 days", not_before="34 days after D0"))
    assert [where for where, _ in found] == ["visits[1].window"]
    assert "leave no day" in found[0][1]
    one_day = warnings(call("V1", "30 days after D0", "±3 days", not_before="33 days after D0"))
    assert not any("leave no day" in message for _, message in one_day)


def test_months_counted_from_a_visit_placed_by_months() -> None:
    """Counting months twice clamps twice (design 4, rule 1)."""
    found = warnings(call("M1", "1 month after D0"), call("M2", "1 month after M1"))
    assert [where for where, _ in found] == ["visits[2].when"]
    assert "clamped twice" in found[0][1]
    days_between = (call("M1", "1 month after D0"), call("W1", "7 days after M1"), call("M2", "1 month after W1"))
    assert [where for where, _ in warnings(*days_between)] == ["visits[3].when"]
    assert warnings(call("M1", "1 month after D0"), call("W1", "7 days after M1")) == []


def test_a_window_without_a_working_day() -> None:
    """A single Saturday or Sunday, or just the two, hold no working day; three days always hold one."""
    found = warnings(call("V1", "30 days after D0", "±0 days"))
    assert [where for where, _ in found] == ["visits[1].window"]
    assert "Saturdays and Sundays" in found[0][1]
    assert len(warnings(call("V1", "30 days after D0", "-0/+1 day"))) == 1
    assert warnings(call("V1", "30 days after D0", "±1 day")) == []
    assert len(warnings(call("V1", "8 days after D0", "±0 days"))) == 1  # a Saturday after a Friday only


def test_every_arm_is_tried() -> None:
    """An overlap in one arm only is found."""
    visits = [
        ts.Visit("A1", "phone", ts.Timing("10 days after D0", window="±3 days"), arms=["A"]),
        ts.Visit("A2", "phone", ts.Timing("12 days after D0", window="±3 days"), arms=["A"]),
        ts.Visit("B1", "phone", ts.Timing("12 days after D0", window="±3 days"), arms=["B"]),
    ]
    assert [where for where, _ in warnings(*visits, arms=("A", "B"))] == ["visits[1].window"]


def test_a_visit_that_leaves_the_calendar_hides_no_other_warning() -> None:
    """Its own row is blamed, and what counts from it; the rest is tried."""
    found = warnings(
        call("FAR", "9000 years after D0"),
        call("FARTHER", "1 day after FAR", "±1 day"),
        call("V1", "30 days after D0", "±3 days"),
        call("V2", "32 days after D0", "±3 days"),
    )
    assert [where for where, _ in found] == ["visits[1].when", "visits[3].window"]
    assert "leaves the calendar" in found[0][1]


def test_targets_on_the_same_day_are_in_order() -> None:
    """Two visits asked for on one day are no fault of order."""
    assert warnings(call("V1", "30 days after D0"), call("V2", "30 days after D0")) == []


def test_a_baseline_on_a_weekend_has_no_say_about_working_days() -> None:
    """A window of the baseline's own day has no working day for a Saturday baseline, which is no fault of it."""
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site", ts.Timing(window="±0 days"))])
    assert ts.lint(protocol) == ()


def test_a_cycle_of_months_each_from_the_one_before_is_told_once_at_its_repeat() -> None:
    """From the third occurrence on a clamp is never undone; counted from the first it is."""
    chained = ts.Visit("C{n}", "phone", "1 day after D0", repeat=ts.Repeat("1 month", 5, "previous"))
    assert [where for where, _ in warnings(chained)] == ["visits[1].repeat"]
    for repeat in (ts.Repeat("1 month", 2, "previous"), ts.Repeat("28 days", 5, "previous"), ts.Repeat("1 month", 5)):
        assert warnings(ts.Visit("C{n}", "phone", "1 day after D0", repeat=repeat)) == []
    by_months = ts.Visit("C{n}", "phone", "1 month after D0", repeat=ts.Repeat("1 month", 2, "previous"))
    assert [where for where, _ in warnings(by_months)] == ["visits[1].repeat"]
    once = ts.Visit("C{n}", "phone", "1 month after D0", repeat=ts.Repeat("1 month", 1, "previous"))
    assert warnings(once) == []


def test_an_assumed_window_is_named_by_its_own_key() -> None:
    """The place is that of the document."""
    visit = ts.Visit("V1", "phone", ts.Timing("30 days after D0", window="±0 days", assumed=True))
    assert [where for where, _ in warnings(visit)] == ["visits[1].assumed_window"]


def test_a_protocol_of_one_trouble_is_told_in_time() -> None:
    """At most 1,000 warnings: 60 visits that all overlap make 1,770 pairs and as many baselines as a leap cycle has."""
    visits = [call(f"V{n}", "1 month after D0", "±20 days") for n in range(60)]
    assert len(warnings(*visits)) == 1000


@pytest.mark.parametrize(
    ("when", "nominal_day", "told"),
    [
        ("28 days after D0", 29, False),
        ("29 days after D0", 29, True),
        ("1 day before D0", -1, False),
        ("2 days before D0", -1, True),
        ("on D0", 1, False),
        ("1 month after D0", 29, False),  # falls on different study days: nothing to compare
    ],
)
def test_a_nominal_day_is_the_study_day(when: str, nominal_day: int, *, told: bool) -> None:
    """CDISC: 28 days after day zero is study day 29; a slip of one day is a dose on the wrong day."""
    visit = ts.Visit("V1", "phone", when, numbering=ts.Numbering(None, nominal_day))
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), visit])
    found = [(p.where, p.read) for p in ts.lint(protocol)]
    nominal = [("visits[1].nominal_day", str(nominal_day))] if told else []
    assert [pair for pair in found if "nominal" in pair[0]] == nominal


def test_a_nominal_day_through_a_chain_and_a_cycle() -> None:
    """Days add up; each occurrence has its own."""
    cycle = ts.Visit(
        "C{n}", "phone", "7 days after D0", repeat=ts.Repeat("21 days", 3), numbering=ts.Numbering(None, (8, 29, 51))
    )
    chained = ts.Visit("V1", "phone", "2 days after C3", numbering=ts.Numbering(None, 52))
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), cycle, chained])
    assert [(p.where, p.read, p.expected) for p in ts.lint(protocol)] == [("visits[1].nominal_day", "51", "50")]


def test_arms_that_are_alike_are_tried_once() -> None:
    """Forty arms of the same visits are one plan: the warning is given once, and in the time of one."""
    visits = [call(f"V{n}", f"{n + 1} months after D0", "±3 days") for n in range(60)]
    found = warnings(*visits, call("W", "30 days after D0", "±3 days"), arms=tuple(f"A{n}" for n in range(40)))
    assert [where for where, _ in found][:1] == ["visits[1].window"]


def test_a_long_chain_written_backwards() -> None:
    """990 visits, each a day after the one below it: no limit of Python's is reached."""
    chain = [call(f"V{n}", f"1 day after {f'V{n - 1}' if n else 'D0'}") for n in range(990)]
    protocol = ts.Protocol("demo", "1", "D0", [*reversed(chain), D0])
    assert all("nominal" not in problem.where for problem in ts.lint(protocol))


def first_dose(*visits: ts.Visit) -> ts.Protocol:
    """Return a trial that is placed from its randomisation and counted from its first dose, three days later."""
    dose = ts.Visit("DOSE1", "on-site", "3 days after RAND", numbering=ts.Numbering(2, 1))
    return ts.Protocol("demo", "1", "RAND", [ts.Visit("RAND", "on-site"), dose, *visits], study_days_from="DOSE1")


@pytest.mark.parametrize(
    ("when", "nominal_day", "expected"),
    [
        ("28 days after DOSE1", 29, None),
        ("28 days after DOSE1", 32, "29"),  # its day from the randomisation
        ("31 days after RAND", 29, None),
        ("31 days after RAND", 32, "29"),
        ("on RAND", -3, None),  # SDTMIG: no day 0
        ("on RAND", -2, "-3"),
        ("2 days after RAND", -1, None),
        ("1 month after RAND", 99, None),  # by months: nothing to compare
    ],
)
def test_a_nominal_day_counts_from_the_visit_that_study_days_count_from(
    when: str, nominal_day: int, expected: str | None
) -> None:
    """VISITDY is "based upon RFSTDTC" (SDTMIG): the first dose is day 1, three days before it is day -3."""
    protocol = first_dose(ts.Visit("V1", "phone", when, numbering=ts.Numbering(3, nominal_day)))
    found = [(p.where, p.expected) for p in ts.lint(protocol) if "nominal" in p.message]
    assert found == ([] if expected is None else [("visits[2].nominal_day", expected)])
    assert all("DOSE1 is day 1" in p.message for p in ts.lint(protocol) if "nominal" in p.message)


def test_days_counted_from_a_visit_that_months_placed_are_compared() -> None:
    """28 days after the first dose is study day 29, also when the dose is a month after randomisation."""
    visits = [
        ts.Visit("RAND", "on-site", numbering=ts.Numbering(1, 1)),  # on another study day each month: not compared
        ts.Visit("DOSE1", "on-site", "1 month after RAND"),
        ts.Visit("W4", "phone", "28 days after DOSE1", numbering=ts.Numbering(2, 28)),
    ]
    protocol = ts.Protocol("demo", "1", "RAND", visits, study_days_from="DOSE1")
    found = [(p.where, p.read, p.expected) for p in ts.lint(protocol) if "nominal" in p.message]
    assert found == [("visits[2].nominal_day", "28", "29")]


def test_a_wrong_nominal_day_names_the_key_that_may_be_missing() -> None:
    """Whoever wrote the days of the first dose is told of `study_days_from`, and only where it is not set."""
    visit = ts.Visit("W4", "phone", "28 days after D0", numbering=ts.Numbering(None, 27))
    plain = ts.Protocol("demo", "1", "D0", [D0, visit])
    assert any("`study_days_from`" in p.message for p in ts.lint(plain))
    assert not any("`study_days_from`" in p.message for p in ts.lint(first_dose(visit_of_the_dose())))


def visit_of_the_dose() -> ts.Visit:
    """Return a visit with a wrong nominal day in a trial counted from its first dose."""
    return ts.Visit("W4", "phone", "28 days after DOSE1", numbering=ts.Numbering(None, 27))
