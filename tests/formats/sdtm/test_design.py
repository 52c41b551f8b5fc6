"""TV: which visits, their numbers, arms and rules."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from trialsched.compliance import check
from trialsched.errors import Problem
from trialsched.formats.documents import load_protocol
from trialsched.formats.sdtm.design import Design, design_of, start_rule
from trialsched.offsets import Offset, Window
from trialsched.plan import schedule
from trialsched.protocol import Meta, Numbering, Protocol, Repeat, Timing, Visit, When
from trialsched.subject import Subject

DAY = date(2026, 3, 2)


def protocol(*visits: Visit, version: str = "1", arms: Iterable[str] = (), in_force: date | None = None) -> Protocol:
    """Return a protocol whose day 0 is D0, number 1."""
    anchor = Visit("D0", "on-site", numbering=Numbering(1, 1))
    return Protocol("p", version, "D0", [anchor, *visits], arms=arms, meta=Meta(in_force=in_force))


def visit(code: str, number: float | None, *arms: str) -> Visit:
    """Return a visit 7 days after day 0."""
    return Visit(code, "on-site", "7 days after D0", arms=arms, numbering=Numbering(number))


def designed(
    *protocols: Protocol, subject: Subject | None = None, by_position: bool = False
) -> tuple[Design, list[Problem], list[str]]:
    """Return the design of one subject's report, its problems and notes."""
    person = subject or Subject("S", baseline=DAY)
    report = check([schedule(one, person) for one in protocols], date(2026, 7, 1))
    problems: list[Problem] = []
    notes: list[str] = []
    return design_of([report], problems, notes, by_position=by_position), problems, notes


def numbered(design: Design) -> list[tuple[Any, ...]]:
    """Return number, code and arm of the rows."""
    return [(row[0], row[1], row[3]) for row in design.rows()]


def test_numbers_and_days_are_those_of_the_protocol() -> None:
    """ALSTEM: 17 visits; VISITDY for the first six, none for the months (reference of the trial)."""
    design, problems, notes = designed(load_protocol("alstem"))
    rows = list(design.rows())
    assert (problems, notes) == ([], [])
    assert [row[0] for row in rows] == list(range(1, 18))
    assert [row[1] for row in rows[:4]] == ["SCR1", "SCR2", "SCR3", "DOSE1"]
    assert [row[2] for row in rows] == [-90, -60, -30, 1, 31, 61, *[None] * 11]
    assert {row[3:5] for row in rows} == {(None, None)}
    assert {row[6] for row in rows} == {None}


def test_rows_are_in_the_order_of_their_numbers() -> None:
    """Also where the protocol lists them otherwise."""
    design, _, _ = designed(protocol(visit("B", 10.5), visit("A", 3), visit("C", -1)))
    assert [row[:2] for row in design.rows()] == [(-1, "C"), (1, "D0"), (3, "A"), (10.5, "B")]


def test_when_some_visits_differ_by_arm_every_row_has_its_arm() -> None:
    """SDTMIG 3.4, 7.3.1, assumption 1: near-duplicate rows for the visits that all arms have."""
    design, problems, _ = designed(protocol(visit("A1", 2, "A"), visit("B1", 3, "B"), visit("END", 4), arms=["A", "B"]))
    assert problems == []
    assert numbered(design) == [
        (1, "D0", "A"),
        (2, "A1", "A"),
        (4, "END", "A"),
        (1, "D0", "B"),
        (3, "B1", "B"),
        (4, "END", "B"),
    ]
    assert {row[3:5] for row in design.rows()} == {("A", "A"), ("B", "B")}


def test_when_all_arms_have_the_same_visits_no_row_has_an_arm() -> None:
    """A visit that names every arm does not differ."""
    design, _, _ = designed(protocol(visit("A1", 2, "B", "A"), arms=["A", "B"]))
    assert numbered(design) == [(1, "D0", None), (2, "A1", None)]


def test_visits_without_a_number_are_a_problem_that_names_them() -> None:
    """All at once; numbering by position takes the place in the protocol for every visit."""
    given = protocol(visit("A", None), visit("B", 7), visit("C", None))
    _, problems, _ = designed(given)
    assert [(p.where, p.message) for p in problems] == [("VISITNUM", "A, C: no number")]
    design, problems, notes = designed(given, by_position=True)
    assert (problems, numbered(design)) == ([], [(1, "D0", None), (2, "A", None), (3, "B", None), (4, "C", None)])
    assert notes == ["VISITNUM is the place of each visit in the protocol, not a number of the protocol"]


def test_one_number_for_two_visits_of_a_subject_is_a_problem() -> None:
    """SDTMIG 3.4, 5.5, assumption 2; in different arms no subject has both, and it is a note."""
    _, problems, _ = designed(protocol(visit("A", 2), visit("B", 2.0), visit("C", 1)))
    assert [(p.read, p.message) for p in problems] == [("1", "the number of D0 and C"), ("2", "the number of A and B")]
    _, problems, notes = designed(protocol(visit("A", 2, "A"), visit("B", 2, "B"), arms=["A", "B"]))
    assert problems == []
    assert notes == ["VISITNUM 2 is that of A and B, in different arms: one visit for a number is meant"]
    _, problems, _ = designed(protocol(visit("A", 2, "A"), visit("B", 2), arms=["A", "B"]))
    assert [p.message for p in problems] == ["the number of A and B"]


def test_arms_of_more_than_twenty_characters_are_told() -> None:
    """SDTMIG 3.4, 7.3.1: ARMCD is limited to 20 characters."""
    arms = ["a" * 20, "b" * 21]
    _, _, notes = designed(protocol(visit("A", 2, arms[0]), visit("B", 3, arms[1]), arms=arms))
    assert notes == [f"TV: the arm {arms[1]!r} is longer than the 20 characters of ARMCD"]


def test_what_another_version_planned_and_was_attended_is_planned() -> None:
    """TV holds it with its version, so that VISITNUM of a planned visit of SV is always in TV."""
    first = protocol(visit("OLD", 2), visit("GONE", 3), in_force=date(2026, 1, 1))
    second = protocol(visit("NEW", 4), version="2", in_force=date(2026, 6, 1))
    person = Subject("S", baseline=DAY).attended("D0", DAY).attended("OLD", date(2026, 3, 9))
    design, problems, _ = designed(first, second, subject=person)
    assert (problems, design.older) == ([], {"OLD": "1"})
    assert [row[:2] for row in design.rows()] == [(1, "D0"), (2, "OLD"), (4, "NEW")]
    assert [row[5] for row in design.rows()][1:] == ["7 days after D0, by version 1", "7 days after D0"]
    design, _, _ = designed(first, second, subject=person, by_position=True)
    assert [row[:2] for row in design.rows()] == [(1, "D0"), (2, "NEW"), (3, "OLD")]


def test_arms_are_those_of_the_version_in_force() -> None:
    """A visit that another version had in an arm that is closed now stands in the arms that are left."""
    first = protocol(visit("OLD", 2, "A", "C"), arms=["A", "B", "C"], in_force=date(2026, 1, 1))
    second = protocol(visit("NEW", 4), version="2", arms=["A", "B"], in_force=date(2026, 6, 1))
    person = Subject("S", baseline=DAY, arm="A").attended("OLD", date(2026, 3, 9))
    design, _, _ = designed(first, second, subject=person)
    assert numbered(design) == [
        *((1, "D0", "A"), (2, "OLD", "A"), (4, "NEW", "A")),
        *((1, "D0", "B"), (4, "NEW", "B")),
    ]
    everywhere = protocol(visit("OLD", 2, "A", "B", "C"), arms=["A", "B", "C"], in_force=date(2026, 1, 1))
    design, _, _ = designed(everywhere, second, subject=person)
    assert numbered(design) == [(1, "D0", None), (2, "OLD", None), (4, "NEW", None)]


def test_rules_are_in_the_words_of_the_protocol() -> None:
    """TVSTRL "should reflect the wording in the protocol" (SDTMIG 3.4, 7.3.1, assumption 3); assumed is said."""
    protocol = load_protocol("cycles")
    rules = {row.code: start_rule(row) for row in protocol.expanded}
    assert rules["RAND"] == "On the planned baseline, window -0/+3 days"
    assert rules["SCR"] == "14 days before RAND, window -7/+3 days"
    assert [rules[f"C{n}D1"] for n in (1, 2, 4)] == [
        "7 days after RAND, window ±2 days",
        "7 days after RAND plus 28 days, window ±2 days",
        "7 days after RAND plus 3 times 28 days, window ±2 days",
    ]
    assert rules["C2D8"] == "7 days after C2D1, window ±1 day"
    assert rules["INF1"] == "7 days after RAND, window -3/+5 days"
    assert rules["INF2"] == "6 weeks after INF1, window -3/+5 days"
    assert rules["SAFE"] == "2 weeks after INF3, window -3/+10 days, not after 10 days before M06"
    assert rules["M07"] == "30 days after M06, counted from the target of M06, assumed window ±7 days"
    plain = Visit("V", "phone", Timing("on D0", window="±1 day", not_before="2 days before D0"))
    assert start_rule(plain) == "On D0, window ±1 day, not before 2 days before D0"
    registered = {row.code: start_rule(row) for row in protocol.as_registered().expanded}
    assert registered["M07"] == "30 days after M06, counted from the target of M06"
    assert registered["INF2"] == rules["INF2"]


def test_rules_are_word_for_word_as_they_are_written() -> None:
    """Units, signs and ISO 8601 stay as somebody wrote them; blanks and line breaks between words are one blank."""
    timing = Timing(
        "1 year  2 weeks\n after D0", window="+/- 2 w", not_before="P1Y after D0", not_after="58 weeks after D0"
    )
    expected = "1 year 2 weeks after D0, window +/- 2 w, not before P1Y after D0, not after 58 weeks after D0"
    assert start_rule(Visit("V", "phone", timing)) == expected


def test_what_is_no_text_is_in_canonical_words() -> None:
    """Offsets and windows of Python code have no words of their own."""
    when = When(Offset(12, 14), "D0")
    visit = Visit("V", "phone", Timing(when, window=Window("2 weeks", "2 weeks"), not_before=when))
    expected = "12 months 14 days after D0, window ±14 days, not before 12 months 14 days after D0"
    assert start_rule(visit) == expected


@pytest.mark.parametrize(
    ("when", "every", "rules"),
    [
        ("on D0", "4 weeks", ["On D0", "4 weeks after D0", "2 times 4 weeks after D0"]),
        (
            "1 month before D0",
            "3 months",
            ["1 month before D0", "1 month before D0 plus 3 months", "1 month before D0 plus 2 times 3 months"],
        ),
        # one of the two in words: the other one in canonical ones
        (
            When(Offset(0, 14), "D0"),
            "4 weeks",
            ["14 days after D0", "14 days after D0 plus 4 weeks", "14 days after D0 plus 2 times 4 weeks"],
        ),
        (
            "2 weeks after D0",
            Offset(0, 28),
            ["2 weeks after D0", "2 weeks after D0 plus 28 days", "2 weeks after D0 plus 2 times 28 days"],
        ),
        # neither: what they make together
        (When(Offset(0, 14), "D0"), Offset(0, 28), ["14 days after D0", "42 days after D0", "70 days after D0"]),
    ],
)
def test_rules_of_a_cycle_are_those_of_its_visit_and_of_its_interval(when: Any, every: Any, rules: list[str]) -> None:  # noqa: ANN401
    """Occurrence n is the visit's time plus n-1 intervals, in the words of both."""
    cycle = Visit("C{n}", "phone", Timing(when), repeat=Repeat(every, 3))
    made = Protocol("p", "1", "D0", [Visit("D0", "on-site"), cycle])
    assert [start_rule(visit) for visit in made.expanded[1:]] == rules


@pytest.mark.parametrize("by_position", [False, True])
def test_planned_days_are_found_by_code(by_position: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Whatever the numbers are."""
    design, _, _ = designed(protocol(visit("A", 2)), by_position=by_position)
    assert (design.day("D0"), design.day("A")) == (1, None)
