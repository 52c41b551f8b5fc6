"""Visits, timing, cycles, spacings and rules: what can be made and what cannot."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import trialsched as ts
from trialsched.protocol import Found, plain_text, prefixed


def where(make: Callable[[], object]) -> list[str]:
    """Return the places of the problems that making something raises."""
    with pytest.raises(ts.ProtocolError) as caught:
        make()
    return [problem.where for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "offset", "visit"),
    [
        ("30 days after DOSE1", ts.Offset(0, 30), "DOSE1"),
        ("90 days before DOSE1", ts.Offset(0, -90), "DOSE1"),
        ("P3M after DOSE1", ts.Offset(3), "DOSE1"),
        ("3 months 2 days before D-1.x", ts.Offset(-3, -2), "D-1.x"),
        ("on DOSE1", ts.Offset(), "DOSE1"),
        ("  7 d   after   C{n}D1 ", ts.Offset(0, 7), "C{n}D1"),
    ],
)
def test_times_counted_from_a_visit_are_read(text: str, offset: ts.Offset, visit: str) -> None:
    """`<offset> after CODE`, `<offset> before CODE`, `on CODE`; printing reads back."""
    when = ts.When.of(text)
    assert (when.offset, when.visit) == (offset, visit)
    assert ts.When.of(str(when)) == when
    assert ts.When.of(when) is when


@pytest.mark.parametrize(
    "text", ["", "30 days", "30 days later DOSE1", "-30 days after DOSE1", "after DOSE1", "on", "30 after DOSE1",
             "on DOSE 1", "30 days after DOSE 1", "30 days After DOSE1"]
)  # fmt: skip
def test_unreadable_times_are_refused(text: str) -> None:
    """The direction is a word, never a sign; the code has no blanks."""
    with pytest.raises(ts.InvalidValueError):
        ts.When.of(text)


def test_a_when_is_checked_as_a_whole() -> None:
    """A bad offset and a bad code are both named."""
    assert where(lambda: ts.When("soon", "1X")) == ["offset", "visit"]
    with pytest.raises(ts.InvalidTypeError):
        ts.When.of(30)  # type: ignore[arg-type]


def test_all_faults_of_a_timing_are_found_at_once() -> None:
    """Every bad part of a timing is named in one error."""
    timing: Any = ts.Timing
    assert where(lambda: timing("soon", window="7", counts_from="elsewhere", not_before="x")) == [
        "when",
        "not_before",
        "window",
        "counts_from",
    ]
    assert where(lambda: timing("on D0", assumed="yes")) == ["assumed"]
    assert where(lambda: timing("on D0", assumed=True)) == ["assumed"]
    assert where(lambda: timing(counts_from="target")) == ["counts_from"]


def test_a_limit_needs_a_window() -> None:
    """A limit on a visit without any window is a document error (design 4, rule 6)."""
    assert where(lambda: ts.Timing("on D0", not_before="on D0", not_after="on D0")) == ["not_before", "not_after"]


@pytest.mark.parametrize("times", [0, -1, 1001, 1.5, "2", True])
def test_a_cycle_comes_1_to_1000_times(times: Any) -> None:  # noqa: ANN401
    """The number of occurrences is a whole number within bounds."""
    assert where(lambda: ts.Repeat("28 days", times)) == ["times"]


@pytest.mark.parametrize("every", ["0 days", "-1 day", "soon"])
def test_a_cycle_goes_forward(every: str) -> None:
    """The time between occurrences is more than zero."""
    assert where(lambda: ts.Repeat(every, 2)) == ["every"]


def test_the_origin_of_a_cycle_is_first_or_previous() -> None:
    """`from` has two values."""
    assert where(lambda: ts.Repeat("1 day", 2, "last")) == ["from"]  # type: ignore[arg-type]
    assert ts.Repeat("1 day", 1000, "previous").origin == "previous"


@pytest.mark.parametrize("value", [0, float("nan"), float("inf"), "1", True, 10**9 + 1])
def test_numbers_of_visits(value: Any) -> None:  # noqa: ANN401
    """VISITDY is a whole number and never 0; VISITNUM is a finite number."""
    assert where(lambda: ts.Numbering(1, value)) == ["nominal_day"]
    if value != 0:
        assert where(lambda: ts.Numbering(value)) == ["number"]
    assert where(lambda: ts.Numbering((1, 2), (1, value))) == ["nominal_day[1]"]


def test_whole_numbers_are_kept_whole() -> None:
    """2.0 and 2 are the same VISITNUM, so that documents in TOML and JSON agree."""
    assert ts.Numbering(2.0) == ts.Numbering(2)
    assert type(ts.Numbering(2.0).number) is int
    assert ts.Numbering(2.5).number == 2.5
    assert ts.Numbering([1.0, 2.5]).number == (1, 2.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["", "1A", "A B", "Ä1", "A/1", "-A", "A" * 65, "A{n}{n}", "A{m}", 7, None])
def test_visit_codes(code: Any) -> None:  # noqa: ANN401
    """A code is a letter, then letters, digits, '.', '_', '-' (design 5)."""
    assert "code" in where(lambda: ts.Visit(code, "phone", "on D0"))


@pytest.mark.parametrize("code", ["A", "SCR1", "C1.2_x-Y", "A" * 64])
def test_good_visit_codes(code: str) -> None:
    """Codes of one to sixty-four characters are taken as they are."""
    assert ts.Visit(code, "phone", "on D0").code == code


def test_a_visit_names_all_its_faults() -> None:
    """Mode, timing, label, arms and numbering are checked together."""
    visit: Any = ts.Visit
    assert where(
        lambda: visit("V", "fax", "soon", label={"EN": "x", "pl": " "}, arms=["A", "A"], procedures="blood", epoch="")
    ) == ["mode", "when", "label.EN", "label.pl", "epoch", "procedures", "arms[1]"]
    assert where(lambda: visit("V", "phone", 7, numbering=3)) == ["timing", "numbering"]


@pytest.mark.parametrize(("code", "repeat"), [("C1", ts.Repeat("1 day", 2)), ("C{n}", None), ("C1", "C{n}")])
def test_a_repeated_visit_and_only_one_has_n_in_its_code(code: str, repeat: Any) -> None:  # noqa: ANN401
    """`{n}` stands for the number of the occurrence."""
    assert where(lambda: ts.Visit(code, "phone", "on D0", repeat=repeat)) == ["code"]


def test_numbers_of_a_cycle_are_lists_one_for_each_occurrence() -> None:
    """`number` and `nominal_day` of a cycle are lists, one per occurrence; of a lone visit they are not."""
    cycle = ts.Repeat("1 day", 2)
    one: Any = ts.Numbering(1)
    three: Any = ts.Numbering((1, 2, 3))
    assert where(lambda: ts.Visit("C{n}", "phone", "on D0", repeat=cycle, numbering=one)) == ["number"]
    assert where(lambda: ts.Visit("C{n}", "phone", "on D0", repeat=cycle, numbering=three)) == ["number"]
    assert where(lambda: ts.Visit("C1", "phone", "on D0", numbering=three)) == ["number"]
    assert ts.Visit("C{n}", "phone", "on D0", repeat=cycle, numbering=ts.Numbering((1, 2))).numbering.of(1).number == 2


def test_spacings_and_rules_are_checked() -> None:
    """Codes, periods and flags of spacings and rules are checked when they are made."""
    rule: Any = ts.EligibilityRule
    assert where(lambda: ts.Spacing("1", "", "0 days", 1)) == ["from", "to", "at_least", "assumed"]  # type: ignore[arg-type]
    assert where(lambda: rule("1", "Birth", "over", "-1 day", text={"en": "a\nb"}, reference="?")) == [
        "id",
        "fact",
        "comparison",
        "over",
        "text.en",
        "reference",
    ]


def test_texts_are_immutable_mappings_by_language() -> None:
    """Languages in alphabetical order, hashable, with the best text for a reader."""
    texts = ts.Texts({"pl": "Wizyta", "en": "Visit"})
    assert list(texts) == ["en", "pl"]
    assert dict(texts) == {"en": "Visit", "pl": "Wizyta"}
    assert hash(texts) == hash(ts.Texts([("en", "Visit"), ("pl", "Wizyta")]))
    assert pickle.loads(pickle.dumps(texts)) == texts  # noqa: S301 - our own bytes
    assert texts.best("pl") == "Wizyta"
    assert texts.best("de") == "Visit"
    assert ts.Texts({"pl": "Wizyta"}).best() == "Wizyta"
    assert not ts.Texts().best()
    assert repr(texts) == "Texts({'en': 'Visit', 'pl': 'Wizyta'})"


@pytest.mark.parametrize("value", ["", " ", " x", "x ", "a\nb", "a\u2028b", "x" * 2001, 7, None])
def test_a_plain_text_is_one_line(value: Any) -> None:  # noqa: ANN401
    """Texts of a protocol are one line without blanks at their ends."""
    with pytest.raises((ts.InvalidValueError, ts.InvalidTypeError)):
        plain_text(value, "here")


def test_plain_texts_are_composed() -> None:
    """Texts are kept in NFC."""
    assert plain_text("Lo\u0301dz\u0301", "") == "L\u00f3d\u017a"


def test_problems_inside_a_list_are_placed() -> None:
    """Places join with dots, list places without."""
    problem = ts.Problem("[3].x", "", "", "m")
    assert prefixed("visits", problem).where == "visits[3].x"
    assert prefixed("visits[1]", ts.Problem("when", "", "", "m")).where == "visits[1].when"
    assert prefixed("", ts.Problem("when", "", "", "m")).where == "when"
    assert prefixed("visits[1]", ts.Problem("", "", "", "m")).where == "visits[1]"


def test_found_raises_everything_it_noted() -> None:
    """Nothing noted, nothing raised; else all of it."""
    found = Found()
    found.finish()
    assert found.attempt("x", "soon", ts.Offset.parse, "soon") is None
    found.add("y", 3, "a text", "a number")
    assert where(found.finish) == ["x", "y"]


@pytest.mark.parametrize("texts", ["ab", 3, None, [1], {1: "x"}, {"en": 3}])
def test_what_are_no_texts_by_language_is_the_librarys_own_error(texts: Any) -> None:  # noqa: ANN401
    """No bare TypeError or ValueError of Python comes out."""
    with pytest.raises(ts.TrialschedError):
        ts.Texts(texts)


def test_a_text_is_measured_in_its_normal_form() -> None:
    """A letter that NFC takes apart counts as what it becomes: what is let in can be written and read again."""
    assert len(ts.Texts({"en": "\u0958" * 1000})["en"]) == 2000
    with pytest.raises(ts.ProtocolError):
        ts.Texts({"en": "\u0958" * 1001})
