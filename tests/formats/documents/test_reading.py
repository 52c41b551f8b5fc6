"""Reading protocol documents: strict, and every problem at once."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats import documents

ALSTEM = ts.load_protocol("alstem")
GOOD = """
schema  = "trialsched/protocol/1"
id      = "demo"
version = "1"
anchor  = "D0"

[[visits]]
code = "D0"
mode = "on-site"

[[visits]]
code   = "V1"
mode   = "phone"
when   = "30 days after D0"
window = "±7 days"
"""


def problems(text: str | bytes, form: Any = "toml") -> list[ts.Problem]:  # noqa: ANN401
    """Return what is wrong with a document."""
    with pytest.raises(ts.ProtocolError) as caught:
        documents.loads(text, format=form)
    return list(caught.value.problems)


def test_a_small_document() -> None:
    """The shortest useful protocol."""
    protocol = documents.loads(GOOD)
    assert protocol.codes == ("D0", "V1")
    assert protocol.visit("V1").timing == ts.Timing("30 days after D0", window="±7 days")
    assert documents.loads(GOOD.encode()) == protocol
    assert documents.loads("\ufeff" + GOOD) == protocol
    assert documents.load(io.BytesIO(GOOD.encode())) == protocol


@pytest.mark.parametrize(
    ("old", "new", "where", "part"),
    [
        ('id      = "demo"', "", "id", "missing"),
        ('id      = "demo"', 'id = "1x"', "id", "expected"),
        ('id      = "demo"', "id = 7", "id", "a text"),
        ('version = "1"', "version = 1", "version", "a text"),
        ('version = "1"', 'version = ""', "version", "not empty"),
        ('"trialsched/protocol/1"', '"trialsched/protocol/2"', "schema", "trialsched/protocol/1"),
        ('anchor  = "D0"', 'anchor = "D00"', "anchor", "'D0', the nearest one"),
        ('anchor  = "D0"', 'anchors = "D0"', "anchors", "'anchor', the nearest one"),
        ('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = "V2"', "study_days_from", "'V1', the nearest one"),
        ('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = 1', "study_days_from", "a text"),
        ('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = "1st"', "study_days_from", "letter"),
        ('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = "V{n}"', "study_days_from", "no visit has the code"),
        ('anchor  = "D0"', 'anchor = "D0"\nstudy_day_from = "V1"', "study_day_from", "'study_days_from', the nearest"),
        ('mode   = "phone"', 'mode = "fone"', "visits[1].mode", "'phone'"),
        ('mode   = "phone"', "", "visits[1].mode", "missing"),
        ('code   = "V1"', 'code = "1V"', "visits[1].code", "letter"),
        ('when   = "30 days after D0"', 'when = "30 days after D9"', "visits[1].when", "'D0', the nearest one"),
        ('when   = "30 days after D0"', 'when = "30 days"', "visits[1].when", "counted from another visit"),
        ('when   = "30 days after D0"', 'when = "30 m after D0"', "visits[1].when", "minutes or months"),
        ('when   = "30 days after D0"', "", "visits[1].when", "only the anchor"),
        ('when   = "30 days after D0"', 'whem = "30 days after D0"', "visits[1].whem", "'when', the nearest one"),
        ('window = "±7 days"', "window = 7", "visits[1].window", "a text"),
        ('window = "±7 days"', 'window = "7"', "visits[1].window", "±7 days"),
        ('window = "±7 days"', 'assumed_window = "7"', "visits[1].assumed_window", "±7 days"),
        ('window = "±7 days"', 'window = "+2/+5 days"', "visits[1].window", "move the offset"),
        ('window = "±7 days"', 'not_before = "on D0"', "visits[1].not_before", "without window"),
        ('window = "±7 days"', 'repeat = "C{n}"', "visits[1].code", "{n}"),
        ('window = "±7 days"', "repeat = {every = 3, times = 2}", "visits[1].repeat.every", "a text"),
        ('window = "±7 days"', "nominal_day = 0", "visits[1].nominal_day", "no study day 0"),
        ('window = "±7 days"', "number = true", "visits[1].number", ""),
        ('window = "±7 days"', 'label = "x"', "visits[1].label", "a table"),
        ('window = "±7 days"', 'label = {en = ""}', "visits[1].label.en", "1 to 2000"),
        ('window = "±7 days"', 'arms = ["A"]', "visits[1].arms[0]", "not an arm"),
        ('anchor  = "D0"', 'anchor = "D0"\nin_force = 2026-01-01T00:00:00', "in_force", "without a time"),
        ('anchor  = "D0"', 'anchor = "D0"\nin_force = "2026-02-30"', "in_force", "no day of the calendar"),
        ('anchor  = "D0"', 'anchor = "D0"\nunscheduled = ["V*"]', "unscheduled[0]", "planned visit V1"),
        ('anchor  = "D0"', 'anchor = "D0"\nvisits = 3', "", "TOML"),
    ],
)  # fmt: skip
def test_each_fault_has_its_place_and_what_would_be_right(old: str, new: str, where: str, part: str) -> None:
    """One fault, one problem, with the key path, what was read and what would be right."""
    assert old in GOOD
    found = problems(GOOD.replace(old, new))
    assert any(p.where == where or (not where and p.where.startswith("line")) for p in found), found
    assert part in "\n".join(map(str, found))
    assert len({p.where for p in found}) <= 2


def test_both_windows_is_one_too_many() -> None:
    """Never both window and assumed_window (design 5)."""
    found = problems(GOOD + 'assumed_window = "±3 days"\n')
    assert [p.where for p in found] == ["visits[1].assumed_window"]


def test_all_problems_come_at_once_in_the_order_of_the_document() -> None:
    """A bad table hides no problem of the others."""
    text = """
schema  = "trialsched/protocol/1"
id      = "1demo"
version = 2
anchor  = "D0"
colour  = "red"

[[visits]]
code = "D0"
mode = "fax"

[[visits]]
code   = "V1"
mode   = "phone"
when   = "30 days after DO"
window = "7"

[[visits]]
code   = "V2"
mode   = "phone"
when   = "3 weeks after V9"
assumed_window = "±x days"
number = "two"

[[spacing]]
from = "D0"
to   = "V8"
at_least = "soon"

[[eligibility]]
id   = "I1"
fact = "birth"
at_least = "18 years"
more_than = "2 years"

[[eligibility]]
fact = "Birth"
"""
    assert [p.where for p in problems(text)] == [
        "id",
        "version",
        "colour",
        "visits[0].mode",
        "visits[1].window",
        "visits[1].when",
        "visits[2].number",
        "visits[2].assumed_window",
        "visits[2].when",
        "spacing[0].at_least",
        "spacing[0].to",
        "eligibility[0].more_than",
        "eligibility[1].id",
        "eligibility[1].fact",
        "eligibility[1]",
    ]


def test_problems_are_told_once() -> None:
    """No problem stands twice."""
    found = problems(GOOD.replace('window = "±7 days"', 'window = "7"\ncolour = "red"'))
    assert len(found) == len(set(found)) == 2


def json_of(change: Callable[[dict[str, Any]], object]) -> str:
    """Return the small document as JSON, changed."""
    document = documents.loads(GOOD).document()
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.update(visits=None), "visits"),
        (lambda d: d.update(visits={}), "visits"),
        (lambda d: d.update(visits=[3]), "visits[0]"),
        (lambda d: d.update(visits=[]), "visits"),
        (lambda d: d.pop("visits"), "visits"),
        (lambda d: d.update(spacing="x"), "spacing"),
        (lambda d: d.update(title=[1]), "title"),
        (lambda d: d.update(arms=[1]), "arms[0]"),
        (lambda d: d.update(sources="x"), "sources"),
        (lambda d: d["visits"][1].update(number=[1]), "visits[1].number"),
        (lambda d: d["visits"][1].update(number=1e400), ""),
        (lambda d: d["visits"][1].update(nominal_day=1.5), "visits[1].nominal_day"),
        (lambda d: d["visits"][1].update(code=None), "visits[1].code"),
        (lambda d: d.update(variant="x"), "variant"),
    ],
)
def test_json_of_other_types_is_refused_by_place(change: Callable[[dict[str, Any]], object], where: str) -> None:
    """No value is converted; each wrong type is named by its place."""
    assert where in [p.where for p in problems(json_of(change), "json")]


def test_duplicate_keys_are_problems() -> None:
    """JSON that says a key twice is refused by place; TOML refuses it itself."""
    text = json_of(lambda d: d).replace('"mode": "phone"', '"mode": "home", "mode": "phone"')
    assert [(p.where, p.message) for p in problems(text, "json")] == [("visits[1].mode", "the key stands twice")]
    assert "line" in problems(GOOD + 'window = "±3 days"\n')[0].where


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(constant: str) -> None:
    """Python's json takes NaN, JSON does not."""
    text = json_of(lambda d: d["visits"][1].update(number=77)).replace("77", constant)
    assert "no number of JSON" in str(problems(text, "json")[0])


@pytest.mark.parametrize("form", ["toml", "json"])
@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"x" * 1_000_001, "too large"),
        ("x = " + "[" * 5000, ""),
        ("[" * 5000, ""),
        ("", ""),
        ("\x00", ""),
    ],
)
def test_hostile_documents_are_refused(data: str | bytes, part: str, form: str) -> None:
    """Too large, too deep, not text: one clear problem, never a crash."""
    found = problems(data, form)
    assert part in str(found[0])


@pytest.mark.parametrize(("levels", "deep"), [(31, False), (32, True)])
def test_documents_are_at_most_32_levels_deep(levels: int, *, deep: bool) -> None:
    """The head is one level: 31 lists inside it make 32."""
    text = json_of(lambda d: d).replace('"id"', f'"x": {"[" * levels}{"]" * levels}, "id"', 1)
    assert ("too deeply" in str(problems(text, "json")[0])) is deep


@pytest.mark.parametrize(("size", "large"), [(1_000_000, False), (1_000_001, True)])
def test_documents_are_at_most_a_million_bytes(size: int, *, large: bool) -> None:
    """A comment may fill the room, not pass it."""
    text = GOOD + "#"
    text += "x" * (size - len(text.encode()))
    if large:
        assert "too large" in str(problems(text)[0])
    else:
        assert documents.loads(text) == documents.loads(GOOD)


def test_bundled_protocols_are_found_by_id() -> None:
    """A text without separator and suffix is a bundled id (design 10)."""
    assert documents.bundled() == ("alstem", "cycles")
    assert ts.load_protocol("alstem") is ts.load_protocol("alstem")
    with pytest.raises(ts.UnknownProtocolError, match="'alstem', the nearest one"):
        ts.load_protocol("alsten")
    with pytest.raises(KeyError):
        ts.load_protocol("zzz")


def test_anything_else_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By text or path, `.toml` or `.json`; a bare name is never a file."""
    expected = documents.loads(GOOD)
    (tmp_path / "my.toml").write_text(GOOD, "utf-8")
    (tmp_path / "my.json").write_text(documents.dumps(expected, format="json"), "utf-8")
    (tmp_path / "alstem").mkdir()
    assert ts.load_protocol(tmp_path / "my.toml") == expected
    assert ts.load_protocol(str(tmp_path / "my.json")) == expected
    monkeypatch.chdir(tmp_path)
    assert ts.load_protocol("my.toml") == expected
    assert ts.load_protocol("./my.json") == expected
    assert ts.load_protocol("alstem").id == "alstem"
    for name in ("my.yaml", "./my", "nothing.toml"):
        with pytest.raises((ts.InvalidValueError, OSError)):
            ts.load_protocol(name)


LEAVES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=8) | st.just([]) | st.just({})
)


@given(strategies.protocols(max_visits=4) | st.sampled_from([ts.load_protocol("cycles")]), st.data())
def test_a_damaged_document_is_refused_and_never_crashes(protocol: ts.Protocol, data: st.DataObject) -> None:
    """Whatever stands in the place of one value, the reader gives a protocol or its problems."""
    document = json.loads(documents.dumps(protocol, format="json"))
    at: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], (dict, list)) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(LEAVES)
    found: tuple[ts.Problem, ...] = ()
    try:
        read = documents.loads(json.dumps(document), format="json")
    except ts.ProtocolError as error:
        found = error.problems
    else:
        assert documents.loads(documents.dumps(read)) == read
        return
    assert found
    assert all(problem.message for problem in found)


D0 = {"code": "D0", "mode": "phone"}


def document(*visits: object, **changes: object) -> str:
    """Return a document as JSON: an anchor visit, some more visits, some keys changed or, by None, left out."""
    keys = {"schema": "trialsched/protocol/1", "id": "d", "version": "1", "anchor": "D0", "visits": [D0, *visits]}
    return json.dumps({key: value for key, value in {**keys, **changes}.items() if value is not None})


def visit(code: str, **keys: object) -> dict[str, object]:
    """Return a visit by phone."""
    return {"code": code, "mode": "phone", **keys}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        # a key that stands twice, an unknown one and a bad choice
        (
            document(visits=[{**D0, "mode": "onsite"}], foo=1).replace('"id"', '"version": "2", "id"'),
            ["version", "visits[0].mode", "foo"],
        ),
        # a visit without a readable code is checked all the same
        (
            document(visit("1A", when="zz days after D0", window="x", nominal_day=0)),
            ["visits[1].code", "visits[1].when", "visits[1].window", "visits[1].nominal_day"],
        ),
        # every part of a cycle, and of a spacing
        (
            document(
                visit("C{n}", when="1 day after D0", repeat={"every": "x", "times": 0}),
                spacing=[{"to": "D0", "at_least": "x"}],
            ),
            ["visits[1].repeat.times", "visits[1].repeat.every", "spacing[0].from", "spacing[0].at_least"],
        ),
        # without an anchor the codes are checked
        (document(visit("V", when="on ZZ"), anchor=None), ["anchor", "visits[1].when"]),
        # rows that are no tables give no false collisions
        (document(5, None, {}), ["visits[1]", "visits[2]", "visits[3].code", "visits[3].mode"]),
        # arms that could not be read make no false arms
        (document(visit("V", when="on D0", arms=["A"]), arms="A"), ["arms"]),
        # visits that are no list are one problem
        (document(visits={}, spacing=[{"from": "D0", "to": "D1", "at_least": "1 day"}]), ["visits"]),
        (document(visits=[]), ["visits"]),
        # a rule without a comparison
        (document(eligibility=[{"id": "I1", "fact": "birth", "at_least": None}]), ["eligibility[0]"]),
        # a key that is half of a surrogate pair
        (document(visit("V", when="on D0", **{"\udfff": 1}), **{"f\ud800": 1}), ["", "visits[1]"]),
    ],
)
def test_every_problem_and_no_false_one(text: str, places: list[str]) -> None:
    """One fault hides no other, and makes none that is not there."""
    assert [problem.where for problem in problems(text, "json")] == places


def test_an_unknown_format_is_refused() -> None:
    """Nothing unreadable becomes a default (design 12)."""
    for call in (lambda: documents.loads("{}", format="yaml"), lambda: documents.dumps(ALSTEM, format="xml")):  # type: ignore[arg-type]
        with pytest.raises(ts.InvalidValueError) as caught:
            call()
        assert caught.value.where == "format"


def test_the_suffix_of_a_file_in_any_case(tmp_path: Path) -> None:
    """`.TOML` is TOML."""
    (tmp_path / "DEMO.TOML").write_text(GOOD, encoding="utf-8")
    assert ts.load_protocol(tmp_path / "DEMO.TOML").id == "demo"


@pytest.mark.parametrize(
    "text", ["a." * 30000 + "b = 1", '"a" . ' * 30000 + "b = 1", "x = " + "[" * 50000, "[" + "a." * 40 + "b]"]
)
def test_deep_nesting_is_refused_before_it_costs_time(text: str) -> None:
    """Keys of many dots are as deep as tables."""
    assert problems(text)[0].message == "the document is nested too deeply"


def test_what_was_read_is_cut() -> None:
    """A value of half a megabyte is not echoed whole."""
    text = GOOD.replace('"phone"', f'"{"x" * 500_000}"')
    (found,) = problems(text)
    assert found.where == "visits[1].mode"
    assert len(str(found)) < 500


def test_what_was_read_is_what_was_written() -> None:
    """Not its canonical form: a person looks for the words of the document."""
    (found,) = problems(GOOD.replace('"30 days after D0"', '"4 weeks after D00"'))
    assert (found.where, found.read, found.expected) == ("visits[1].when", "4 weeks after D00", "'D0', the nearest one")


def test_a_problem_has_all_its_parts() -> None:
    """Place, what was read and what would be right, each in its field, and each once in the line."""
    (found,) = problems(GOOD.replace('"±7 days"', '"7 days"'))
    assert (found.where, found.read) == ("visits[1].window", "7 days")
    assert found.expected.startswith("a window such as '±7 days'")
    assert str(found).count("7 days'") == 2


@pytest.mark.parametrize(
    ("visits", "changes", "places"),
    [
        ([visit("V", when="on D0", arms=["ZZ"], mode="onsite")], {}, ["visits[1].mode", "visits[1].arms[0]"]),
        (
            [visit("V", when="on W", mode="onsite"), visit("W", when="on V")],
            {},
            ["visits[1].mode", "visits[1].when"],
        ),
        ([visit("V", mode="onsite")], {}, ["visits[1].mode", "visits[1].when"]),
        (
            [visit("V", when="on D0", window="7 days", not_before="on ZZ")],
            {},
            ["visits[1].window", "visits[1].not_before"],
        ),
        # a window of another type is a window that a limit may cut; and one that cannot be read
        ([visit("V", when="on D0", window=5, not_before="on ZZ")], {}, ["visits[1].window", "visits[1].not_before"]),
        ([visit("V", when="on D0", assumed_window=5, not_after="on D0")], {}, ["visits[1].assumed_window"]),
        # a cycle whose `every` cannot be read still has its numbers
        (
            [visit("C{n}", when="on D0", repeat={"every": "x", "times": 3}, number=[1, 2, 3])],
            {},
            ["visits[1].repeat.every"],
        ),
        # a traveller of a row that could not be read, and of a cycle that could not
        ([5, visit("T{n}", when="on D0", repeat="C{n}")], {}, ["visits[1]"]),
        (
            [
                visit("C{n}", when="on D0", repeat={"every": "1 day", "times": 3, "from": "zz"}),
                visit("T{n}", when="1 day after ZZ", repeat="C{n}", arms=["Z"]),
            ],
            {},
            ["visits[1].repeat.from", "visits[2].arms[0]", "visits[2].when"],
        ),
        # two bad numbers, and arms that stand twice
        ([visit("V", when="on D0", number=[1], nominal_day=0)], {}, ["visits[1].nominal_day", "visits[1].number"]),
        ([visit("V", arms=["A", "A"])], {}, ["visits[1].arms[1]", "visits[1].when"]),
        ([visit("V", when="on D0", arms=["Z", "Z"])], {}, ["visits[1].arms[1]", "visits[1].arms[0]"]),
        # the bad key itself is said once
        ([visit("V", when="soon")], {}, ["visits[1].when"]),
        ([visit("V", when="on D0", repeat="Q{n}", mode="onsite")], {}, ["visits[1].mode", "visits[1].code"]),
        # a spacing with a bad end is looked at from the other
        ([], {"spacing": [{"from": "Q", "to": "5 x", "at_least": "1 day"}]}, ["spacing[0].to", "spacing[0].from"]),
        # an anchor that is not there is said once, also when a visit could not be read
        (["7"], {"anchor": "phone", "visits": [{"code": "D0", "mode": "home"}, "7"]}, ["visits[1]"]),
    ],
)
def test_a_bad_key_hides_nothing_else_of_its_visit(
    visits: list[object], changes: dict[str, object], places: list[str]
) -> None:
    """What can be told without the bad key is told, and what hangs on it is not."""
    found = problems(document(*visits, arms=["A", "B"], **changes), "json")
    assert [problem.where for problem in found] == places


@pytest.mark.parametrize(
    "text",
    [
        document(visit("A", when="on D0", window="-1/+5" + " " * 3000 + "!")),
        document(visit("A", when="1" + " " * 100_000 + "q after D0")),
        document(visit("A", when="1 d" + " " * 100_000 + "! after D0")),
        document(*(visit(f"V{n}", when=f"on X{n}", mode="onsite") for n in range(3000))),
        document(*(visit(f"V{n}", when=f"on V{n - 1}" if n else "on D0", mode="onsite") for n in range(998))),
        document(*(visit(f"{a}{n}", when=f"on {b}{n}") for n in range(4000) for a, b in ("AB", "BA"))),
        document(arms=[f"a{n}" for n in range(80_000)]),
        document(unscheduled=[f"U{n}" for n in range(60_000)]),
        document(visit("A", when="on D0", arms=[f"b{n}" for n in range(2000)]), arms=[f"a{n}" for n in range(90)]),
        document(**{f"k{n}": 1 for n in range(60_000)}),
        "{" + ",".join(['"k":1'] * 140_000) + "}",
    ],
    ids=range(11),
)
def test_hostile_documents_are_refused_in_few_words(text: str) -> None:
    """None takes more than about a second, and at most 1,000 problems are listed."""
    found = problems(text, "json")
    assert 1 <= len(found) <= 1001
    assert len(found) < 1001 or found[-1].message == "and more: only the first 1,000 problems are told"


@pytest.mark.parametrize("data", [12, None, ("a",), {}])
def test_what_is_no_text_is_the_librarys_own_error(data: Any) -> None:  # noqa: ANN401
    """No bare error of Python comes out."""
    with pytest.raises(ts.InvalidTypeError):
        documents.loads(data)


def test_a_name_that_no_file_can_have_is_bad_input() -> None:
    """A NUL is in no file's name."""
    with pytest.raises(ts.InvalidValueError, match="no file has such a name"):
        ts.load_protocol("a\0.toml")


def test_study_days_may_count_from_another_visit() -> None:
    """The key is read, kept by both formats, and left out where it names the anchor."""
    protocol = documents.loads(GOOD.replace('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = "V1"'))
    assert protocol.study_days_from == "V1"
    assert documents.loads(documents.dumps(protocol)) == protocol
    assert documents.loads(documents.dumps(protocol, format="json"), format="json") == protocol
    default = documents.loads(GOOD.replace('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = "D0"'))
    assert default == documents.loads(GOOD)
    assert "study_days_from" not in documents.dumps(default)


def test_a_visit_that_could_not_be_read_is_still_known_to_study_days() -> None:
    """One fault, one problem: a bad window of the first dose does not make its code unknown."""
    text = GOOD.replace('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = "V1"').replace("±7 days", "7")
    assert [p.where for p in problems(text)] == ["visits[1].window"]
    text = GOOD.replace('anchor  = "D0"', 'anchor = "D0"\nstudy_days_from = "V1"').replace("phone", "fax")
    assert [p.where for p in problems(text)] == ["visits[1].mode"]
