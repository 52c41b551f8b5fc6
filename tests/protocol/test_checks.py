"""What only the whole protocol can tell."""

from datetime import date
from typing import Any

import pytest

import trialsched as ts
from trialsched.protocol.checks import expand, places

D0 = ts.Visit("D0", "on-site")


def problems(*visits: ts.Visit, anchor: str = "D0", **parts: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return (place, message) of what is wrong with a protocol."""
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("demo", "1", anchor, visits, **parts)
    return [(p.where, p.message) for p in caught.value.problems]


def places_of(*visits: ts.Visit, **parts: Any) -> list[str]:  # noqa: ANN401
    """Return the places of what is wrong with a protocol."""
    return [where for where, _ in problems(*visits, **parts)]


def call(code: str, when: Any, **parts: Any) -> ts.Visit:  # noqa: ANN401
    """Return a phone call."""
    return ts.Visit(code, "phone", when, **parts)


def test_an_unknown_code_names_the_nearest() -> None:
    """A misspelt reference says which visit may be meant."""
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("demo", "1", "D0", [D0, call("M1", "1 month after D"), call("M2", "2 months after MM1")])
    first, second = caught.value.problems
    assert (first.where, first.expected) == ("visits[1].when", "'D0', the nearest one")
    assert (second.where, second.expected) == ("visits[2].when", "'M1', the nearest one")


def test_codes_are_unique_ignoring_case() -> None:
    """`m1` and `M1` are the same code to a person (design 5)."""
    assert problems(D0, call("M1", "on D0"), call("m1", "on D0")) == [
        ("visits[2].code", "the code 'm1' stands already at visits[1] as 'M1'")
    ]


def test_expansions_that_collide_are_found() -> None:
    """C1D1 of a cycle and a lone C1D1 are the same code."""
    cycle = call("C{n}D1", "on D0", repeat=ts.Repeat("7 days", 2))
    assert places_of(D0, cycle, call("C2D1", "on D0")) == ["visits[2].code"]


def test_the_anchor_is_a_visit_without_when_in_every_arm() -> None:
    """The anchor exists, counts from nothing, belongs to every arm and is no cycle."""
    assert places_of(D0, anchor="D9") == ["anchor"]
    assert places_of(D0, anchor=7) == ["anchor"]
    assert places_of(call("D0", "on D0")) == ["visits[0].when", "visits[0].when"]
    assert places_of(ts.Visit("D0", "on-site", arms=["A"]), arms=["A", "B"]) == ["visits[0].arms"]
    cycle = ts.Visit("D{n}", "on-site", repeat=ts.Repeat("1 day", 1))
    assert "visits[0].repeat" in places_of(cycle, anchor="D1")


def test_only_the_anchor_has_no_when() -> None:
    """Every other visit counts from something."""
    assert places_of(D0, ts.Visit("V1", "phone")) == ["visits[1].when"]


def test_circles_are_found_through_when_and_limits_together() -> None:
    """Circles are sought through `when` and limits together; the anchor's limits name no visit that counts from it."""
    one = call("A1", "1 day after B1")
    other = call("B1", "1 day after A1")
    assert problems(D0, one, other) == [("visits[1].when", "counts from itself: A1 -> B1 -> A1")]
    limited = call("L1", ts.Timing("1 day after D0", window="±1 day", not_before="1 day after M1"))
    after = call("M1", "1 day after L1")
    assert places_of(D0, limited, after) == ["visits[1].not_before"]
    anchor = ts.Visit("D0", "on-site", ts.Timing(window="±1 day", not_after="on V1"))
    assert places_of(anchor, call("V1", "1 day after D0")) == ["visits[0].not_after"]
    assert places_of(D0, call("S1", "1 day after S1")) == ["visits[1].when"]


def test_two_circles_are_both_told() -> None:
    """One pass finds every circle."""
    visits = [call(a, f"1 day after {b}") for a, b in (("A1", "B1"), ("B1", "A1"), ("X1", "Y1"), ("Y1", "X1"))]
    assert places_of(D0, *visits) == ["visits[1].when", "visits[3].when"]


def test_a_visit_refers_only_to_visits_of_all_its_arms() -> None:
    """It may refer only to visits present in all its arms (design 5)."""
    only_a = call("A1", "1 day after D0", arms=["A"])
    assert problems(D0, only_a, call("V1", "1 day after A1"), arms=["A", "B"]) == [
        ("visits[2].when", "A1 is not present in B")
    ]
    assert places_of(D0, only_a, call("V1", "1 day after A1", arms=["A", "B"]), arms=["A", "B"]) == ["visits[2].when"]
    ts.Protocol("demo", "1", "D0", [D0, only_a, call("V1", "1 day after A1", arms=["A"])], arms=["A", "B"])


def test_arms_are_declared() -> None:
    """An arm that no list names is an error at its place; an arm stands once."""
    assert places_of(D0, call("V1", "on D0", arms=["A", "C"]), arms=["A", "B"]) == ["visits[1].arms[1]"]
    assert places_of(D0, arms=["A", "A"]) == ["arms[1]"]


def test_cycles_refer_to_their_own_occurrences_only() -> None:
    """A traveller names a cycle that exists; `{n}` of another cycle is refused with advice."""
    cycle = call("C{n}", "on D0", repeat=ts.Repeat("7 days", 2))
    other = call("K{n}", "on D0", repeat=ts.Repeat("7 days", 2))
    assert places_of(D0, call("T{n}", "on D0", repeat="C{n}")) == ["visits[1].repeat"]
    assert places_of(D0, cycle, call("V1", "1 day after C{n}")) == ["visits[2].when"]
    assert places_of(D0, cycle, other, call("T{n}", "1 day after K{n}", repeat="C{n}")) == ["visits[3].when"]
    assert places_of(D0, cycle, other, call("Q{n}", "on C{n}", repeat=ts.Repeat("7 days", 2))) == ["visits[3].when"]


def test_travellers_have_as_many_numbers_as_their_cycle() -> None:
    """Lists of a traveller have one number for each occurrence of its cycle."""
    cycle = call("C{n}", "on D0", repeat=ts.Repeat("7 days", 2))
    three = call("T{n}", "1 day after C{n}", repeat="C{n}", numbering=ts.Numbering((1, 2, 3)))
    assert places_of(D0, cycle, three) == ["visits[2].number"]


def test_cycles_come_out_cycle_by_cycle_where_the_first_of_them_stands() -> None:
    """Rows cycle by cycle: C1D1, C1D8, C2D1 ... (design 5)."""
    visits = (
        D0,
        call("C{n}D1", "7 days after D0", repeat=ts.Repeat("28 days", 2)),
        call("M1", "1 month after D0"),
        call("C{n}D8", "7 days after C{n}D1", repeat="C{n}D1"),
    )
    assert [v.code for v in expand(visits)] == ["D0", "C1D1", "C1D8", "C2D1", "C2D8", "M1"]
    assert places(visits) == {"D0": 0, "C1D1": 1, "C1D8": 3, "C2D1": 1, "C2D8": 3, "M1": 2}


def test_a_cycle_from_the_first_multiplies_months_and_days_apart() -> None:
    """Occurrence n is `when` + (n-1) x `every`, months and days multiplied apart, from `when`'s reference."""
    cycle = call("C{n}", "1 month 2 days after D0", repeat=ts.Repeat("1 month 3 days", 3))
    assert [str(v.timing.when) for v in expand((D0, cycle))[1:]] == [
        "1 month 2 days after D0",
        "2 months 5 days after D0",
        "3 months 8 days after D0",
    ]


def test_a_cycle_from_the_previous_counts_from_it() -> None:
    """`every` after occurrence n-1's reference date."""
    cycle = call("C{n}", "1 week after D0", repeat=ts.Repeat("6 weeks", 3, "previous"))
    assert [str(v.timing.when) for v in expand((D0, cycle))[1:]] == [
        "7 days after D0",
        "42 days after C1",
        "42 days after C2",
    ]


def test_a_cycle_whose_sum_has_mixed_signs_is_refused() -> None:
    """`1 month before` plus 3 days is no offset; the occurrence is named."""
    cycle = call("C{n}", "1 month before D0", repeat=ts.Repeat("3 days", 2))
    found = problems(D0, cycle)
    assert [where for where, _ in found] == ["visits[1].repeat"]
    assert "occurrence 2" in found[0][1]


def test_labels_and_numbers_of_a_cycle_carry_the_occurrence() -> None:
    """`{n}` in a label is the number; limits and numbers belong to their occurrence."""
    cycle = call(
        "C{n}",
        ts.Timing("on D0", window="±1 day"),
        repeat=ts.Repeat("7 days", 2),
        label={"en": "Cycle {n}"},
        numbering=ts.Numbering((5, 6)),
    )
    traveller = call(
        "T{n}", ts.Timing("1 day after C{n}", window="±3 days", not_before="on C{n}"), repeat="C{n}"
    )  # fmt: skip
    rows = {v.code: v for v in expand((D0, cycle, traveller))}
    assert rows["C2"].label["en"] == "Cycle 2"
    assert rows["C2"].numbering.number == 6
    assert str(rows["T2"].timing.not_before) == "on C2"
    assert rows["C2"].repeat is None


@pytest.mark.parametrize(("times", "good"), [(999, True), (1000, False)])
def test_at_most_a_thousand_visits(times: int, *, good: bool) -> None:
    """More than 1,000 visits, cycles counted out, are refused."""
    cycle = call("C{n}", "on D0", repeat=ts.Repeat("1 day", times))
    if good:
        assert len(ts.Protocol("demo", "1", "D0", [D0, cycle]).expanded) == 1000
    else:
        assert places_of(D0, cycle) == ["visits"]


def test_spacings_name_two_visits_that_can_meet() -> None:
    """A spacing is between two known visits of a common arm."""
    spacing = ts.Spacing
    assert places_of(D0, spacings=[spacing("D0", "X9", "1 day")]) == ["spacing[0].to"]
    assert places_of(D0, spacings=[spacing("D0", "D0", "1 day")]) == ["spacing[0].to"]
    a, b = (call(f"{arm}1", "on D0", arms=[arm]) for arm in "AB")
    assert places_of(D0, a, b, arms=["A", "B"], spacings=[spacing("A1", "B1", "1 day")]) == ["spacing[0].to"]


def test_only_a_reference_may_stand_for_an_occurrence() -> None:
    """An anchor, a spacing or a rule names one visit, never `C{n}`."""
    cycle = call("C{n}", "on D0", repeat=ts.Repeat("7 days", 2))
    rule = ts.EligibilityRule("I1", "birth", "at_least", "18 years", reference="C{n}")
    assert places_of(D0, cycle, anchor="C{n}") != []
    assert places_of(D0, cycle, spacings=[ts.Spacing("D0", "C{n}", "1 day")]) == ["spacing[0].to"]
    assert places_of(D0, cycle, eligibility=[rule]) == ["eligibility[0].reference"]


def test_rules_are_unique_and_refer_to_visits() -> None:
    """Rule ids stand once, ignoring case; a reference is 'baseline' or a visit."""
    rule = ts.EligibilityRule
    rules = [rule("I1", "birth", "at_least", "18 years"), rule("i1", "birth", "at_least", "18 years", reference="X")]
    assert places_of(D0, eligibility=rules) == ["eligibility[1].id", "eligibility[1].reference"]
    base = ts.Visit("baseline", "on-site")
    ambiguous = rule("I1", "birth", "at_least", "18 years", reference="baseline")
    assert places_of(base, anchor="baseline", eligibility=[ambiguous]) == ["eligibility[0].reference"]


def test_unscheduled_codes_take_in_no_planned_visit() -> None:
    """A pattern is a code or has '*'; it stands once and matches no planned visit, ignoring case."""
    assert places_of(D0, unscheduled=["d*", "UNS", "UNS", "1", 7]) == [f"unscheduled[{n}]" for n in (0, 2, 3, 4)]


def test_a_protocol_without_visits_or_of_other_things_is_refused() -> None:
    """What is no visit is named by its place."""
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("demo", "1", "D0", ["D0"])  # type: ignore[list-item]
    assert [p.where for p in caught.value.problems] == ["visits[0]"]
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("demo", "1", "D0", [])
    assert "visits" in [p.where for p in caught.value.problems]
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("demo", "1", "D0", "D0")  # type: ignore[arg-type]
    assert caught.value.problems[0].where == "visits"


def test_an_arm_is_the_same_however_its_accent_is_typed() -> None:
    """Texts are in NFC: a letter and its combining mark are the letter."""
    visits = (D0, call("V1", "on D0", arms=["Rami\u0119", "e\u0301"]))
    protocol = ts.Protocol("demo", "1", "D0", visits, arms=["Ramie\u0328", "\u00e9"])
    assert protocol.arms == ("Rami\u0119", "\u00e9")
    assert protocol.rows("\u00e9") == protocol.expanded
    subject = ts.Subject("S", baseline=date(2026, 3, 2), arm="e\u0301")
    assert [row.code for row in ts.schedule(protocol, subject)] == ["D0", "V1"]


def test_one_fault_hides_no_other() -> None:
    """A cycle that cannot be placed is one problem; its codes count as known, the rest is checked (design 5)."""
    cycle = call("C{n}", "1 day before D0", repeat=ts.Repeat("1 month", 3))
    found = problems(
        D0,
        cycle,
        call("V1", "1 day after C3"),
        call("V2", "1 day after NOPE"),
        spacings=[ts.Spacing("D0", "ZZZ", "1 day")],
        unscheduled=["D*"],
    )
    assert [where for where, _ in found] == ["visits[1].repeat", "visits[3].when", "spacing[0].to", "unscheduled[0]"]
    assert found[0][1].startswith("occurrence 2 cannot be placed")


def test_too_many_visits_hide_nothing_else() -> None:
    """What does not hang on the number of occurrences is checked all the same."""
    cycle = call("C{n}", "1 day after D0", repeat=ts.Repeat("1 day", 1000))
    assert places_of(D0, cycle, call("V1", "on NOPE"), call("V2", "on C7")) == ["visits", "visits[2].when"]


def test_a_traveller_of_an_unknown_cycle_is_told_in_the_words_of_the_document() -> None:
    """The code is named as it is written, with `{n}`."""
    cycle = call("C{n}", "1 day after D0", repeat=ts.Repeat("1 day", 3))
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("demo", "1", "D0", [D0, cycle, call("T{n}", "1 day after CC{n}", repeat="C{n}")])
    (found,) = caught.value.problems
    assert (found.where, found.read, found.expected) == (
        "visits[2].when",
        "1 day after CC{n}",
        "'C{n}', the nearest one",
    )


def test_the_variant_as_registered_has_nothing_assumed() -> None:
    """Every output shows the variant, so it must be true."""
    assumed = ts.Visit("D0", "on-site", ts.Timing(window="±1 day", assumed=True))
    meta = ts.Meta(variant="as-registered")
    assert places_of(assumed, meta=meta) == ["variant"]
    spacing = ts.Spacing("D0", "V1", "1 day", assumed=True)
    assert places_of(D0, call("V1", "1 day after D0"), spacings=[spacing], meta=meta) == ["variant"]
    assert ts.Protocol("demo", "1", "D0", [assumed]).as_registered().meta.variant == "as-registered"


def test_many_unknown_codes_are_told_in_time() -> None:
    """The nearest code is sought for the first twenty; the others are named all the same."""
    visits = [D0, *(call(f"V{n}", f"on NOPE{n}") for n in range(500))]
    assert len(places_of(*visits)) == 500


def test_a_code_that_stands_twice_and_counts_from_itself_is_told() -> None:
    """The first cycle of many oncology trials: day 1 of cycle 1 is day 0, and cycles come every 21 days after it."""
    anchor = ts.Visit("C1D1", "on-site")
    cycle = call("C{n}D1", "21 days after C1D1", repeat=ts.Repeat("21 days", 5, "previous"))
    assert places_of(anchor, cycle, anchor="C1D1") == ["visits[1].code"]
    assert places_of(D0, call("FU1", "on D0"), call("FU1", "3 months after FU1")) == ["visits[2].code"]
    assert places_of(D0, call("FU1", "on FU1"), call("FU1", "on D0")) == ["visits[2].code", "visits[1].when"]


def test_lists_have_bounds() -> None:
    """At most 100 arms and 1,000 unscheduled codes: none of a real trial comes near."""
    arms = [f"A{n}" for n in range(101)]
    assert places_of(D0, arms=arms) == ["arms"]
    assert len(ts.Protocol("demo", "1", "D0", [D0], arms=arms[:100]).arms) == 100
    codes = [f"U{n}" for n in range(1001)]
    assert places_of(D0, unscheduled=codes) == ["unscheduled"]
    assert len(ts.Protocol("demo", "1", "D0", [D0], unscheduled=codes[:1000]).unscheduled) == 1000


@pytest.mark.parametrize("numbers", [(1, 2), (1, 2, 3, 4)])
def test_a_traveller_has_a_number_for_each_occurrence(numbers: tuple[int, ...]) -> None:
    """One too few or too many is told, and nothing else comes out."""
    cycle = call("C{n}D1", "on D0", repeat=ts.Repeat("28 days", 3))
    for numbering, key in ((ts.Numbering(numbers), "number"), (ts.Numbering(None, numbers), "nominal_day")):
        traveller = call("C{n}D8", "7 days after C{n}D1", repeat="C{n}D1", numbering=numbering)
        assert places_of(D0, cycle, traveller) == [f"visits[2].{key}"]


def test_study_days_count_from_a_visit_that_every_subject_has_once() -> None:
    """A code of this protocol, in every arm, and no cycle but one occurrence of it; the nearest one is named."""
    visits = [
        D0,
        call("DOSE1", "3 days after D0"),
        call("ONLY", "3 days after D0", arms=["A"]),
        call("C{n}D1", "7 days after D0", repeat=ts.Repeat("7 days", 2)),
    ]

    def told(code: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401
        with pytest.raises(ts.ProtocolError) as caught:
            ts.Protocol("demo", "1", "D0", visits, arms=["A", "B"], study_days_from=code)
        return [(p.where, p.expected, p.message) for p in caught.value.problems]

    where = "study_days_from"
    assert told("DOSE2") == [(where, "'DOSE1', the nearest one", "no visit has the code 'DOSE2'")]
    assert told("C{n}D1") == [(where, "one occurrence, such as 'C1D1'", "a repeated visit has many dates")]
    assert told("C{n}D2") == [(where, "'C{n}D1', the nearest one", "no visit has the code 'C{n}D2'")]
    assert told("ONLY") == [(where, "a visit of every arm", "ONLY belongs to A only")]
    assert [(place, message) for place, _, message in told(7)] == [(where, "not a visit code")]
    assert [(place, message) for place, _, message in told("")] == [(where, "not a visit code")]
    for code in ("D0", "DOSE1", "C2D1"):
        ts.Protocol("demo", "1", "D0", visits, arms=["A", "B"], study_days_from=code)


def test_study_days_may_count_from_a_visit_that_names_every_arm() -> None:
    """Naming all arms is the same as naming none."""
    dose = call("DOSE1", "3 days after D0", arms=["B", "A"])
    protocol = ts.Protocol("demo", "1", "D0", [D0, dose], arms=["A", "B"], study_days_from="DOSE1")
    assert protocol.study_days_from == "DOSE1"
