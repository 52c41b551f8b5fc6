"""Reading and writing documents of clinics: strict, and every problem at once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats import documents

GOOD = """
schema   = "trialsched/clinic/1"
zone     = "Europe/Warsaw"
language = "pl"

[contact]
name    = "Clinic 3"
address = "ul. Prosta 1, 00-001 Warszawa"
geo     = [52.2297, 21.0122]
phone   = "+48 22 123 45 67"

[durations]
on-site  = "60 minutes"
phone    = "15 minutes"
DOSE1    = "4 hours"
"C{n}D1" = "PT1H30M"
"""
EXPECTED = ts.Clinic(
    "Europe/Warsaw",
    "pl",
    ts.Contact("Clinic 3", "ul. Prosta 1, 00-001 Warszawa", (52.2297, 21.0122), "+48 22 123 45 67"),
    {
        "on-site": timedelta(minutes=60),
        "phone": timedelta(minutes=15),
        "DOSE1": timedelta(hours=4),
        "C{n}D1": timedelta(minutes=90),
    },
)


def problems(text: str | bytes, form: Any = "toml") -> list[ts.Problem]:  # noqa: ANN401
    """Return what is wrong with a document."""
    with pytest.raises(ts.ClinicError) as caught:
        documents.loads_clinic(text, format=form)
    return list(caught.value.problems)


def test_a_whole_document() -> None:
    """Every key, as text and as bytes, with a byte order mark, with Windows' line ends."""
    for data in (GOOD, GOOD.encode(), "\ufeff" + GOOD, GOOD.replace("\n", "\r\n")):
        assert documents.loads_clinic(data) == EXPECTED


def test_a_small_document() -> None:
    """The schema and the zone are enough; empty tables say nothing."""
    text = 'schema = "trialsched/clinic/1"\nzone = "UTC"\n'
    assert documents.loads_clinic(text) == ts.Clinic("UTC")
    assert documents.loads_clinic(text + "[contact]\n[durations]\n") == ts.Clinic("UTC")
    nothing = json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "language": None, "contact": {"name": None}})
    assert documents.loads_clinic(nothing, format="json") == ts.Clinic("UTC")


@pytest.mark.parametrize(
    ("old", "new", "where", "part"),
    [
        ('schema   = "trialsched/clinic/1"', "", "schema", "missing"),
        ("trialsched/clinic/1", "trialsched/clinic/2", "schema", "'trialsched/clinic/1'"),
        ("trialsched/clinic/1", "trialsched/protocol/1", "schema", "'trialsched/clinic/1'"),
        ('schema   = "trialsched/clinic/1"', "schema = 1", "schema", "'trialsched/clinic/1'"),
        ('zone     = "Europe/Warsaw"', "", "zone", "missing"),
        ('zone     = "Europe/Warsaw"', "zone = 1", "zone", "a text"),
        ('zone     = "Europe/Warsaw"', 'zone = "europe/warsaw"', "zone", "'Europe/Warsaw', the nearest one"),
        ('zone     = "Europe/Warsaw"', 'zone = "CET+1"', "zone", "IANA"),
        ('zone     = "Europe/Warsaw"', 'zone = ""', "zone", "IANA"),
        ('language = "pl"', "language = true", "language", "a text"),
        ('language = "pl"', 'language = "polski"', "language", "'en' or 'pl'"),
        ('language = "pl"', 'languages = "pl"', "languages", "'language', the nearest one"),
        ('language = "pl"', 'opening = ["monday"]', "opening", "unknown key"),
        ('language = "pl"', "capacity = 3", "capacity", "unknown key"),
        ('language = "pl"', 'language = "pl"\nlanguage = "en"', "line", "TOML"),
        ("[contact]", "[kontact]", "kontact", "'contact', the nearest one"),
        ("[contact]", "[[contact]]", "contact", "a table"),
        ("[durations]", "[duration]", "duration", "'durations', the nearest one"),
        ("[durations]", "[[durations]]", "durations", "a table"),
        ('name    = "Clinic 3"', "name = 3", "contact.name", "a text"),
        ('name    = "Clinic 3"', 'name = ""', "contact.name", "1 to 200"),
        ('name    = "Clinic 3"', 'name = "a\\nb"', "contact.name", "U+000A"),
        ('name    = "Clinic 3"', f'name = "{"x" * 201}"', "contact.name", "1 to 200"),
        ('name    = "Clinic 3"', 'nome = "Clinic 3"', "contact.nome", "'name', the nearest one"),
        ('name    = "Clinic 3"', 'name = "a"\nname = "b"', "line", "TOML"),
        ('address = "ul. Prosta 1, 00-001 Warszawa"', "address = []", "contact.address", "a text"),
        ('address = "ul. Prosta 1, 00-001 Warszawa"', 'address = "a\\u0007"', "contact.address", "U+0007"),
        ("[52.2297, 21.0122]", '"52.2297;21.0122"', "contact.geo", "a list"),
        ("[52.2297, 21.0122]", '[52.2297, "21"]', "contact.geo[1]", "a number"),
        ("[52.2297, 21.0122]", "[52.2297, true]", "contact.geo[1]", "a number"),
        ("[52.2297, 21.0122]", "[52.2297]", "contact.geo", "[latitude, longitude]"),
        ("[52.2297, 21.0122]", "[91, 21]", "contact.geo", "-90 to 90"),
        ("[52.2297, 21.0122]", "[nan, 21]", "contact.geo", "-90 to 90"),
        ("[52.2297, 21.0122]", f"[1{'0' * 400}, 21]", "contact.geo[0]", "a number"),
        ('"+48 22 123 45 67"', "48221234567", "contact.phone", "a text"),
        ('"+48 22 123 45 67"', '"22 123 45 67"', "contact.phone", "international form"),
        ('"15 minutes"', "15", "durations.phone", "a text"),
        ('"15 minutes"', "00:15:00", "durations.phone", "a text"),
        ('"15 minutes"', '"15 m"', "durations.phone", "minutes or months"),
        ('"15 minutes"', '"0 minutes"', "durations.phone", "more than 0"),
        ('"4 hours"', '"25 hours"', "durations.DOSE1", "at most 24 hours"),
        ("DOSE1 ", '"DOSE 1"', "durations.DOSE 1", "a visit code"),
        ('DOSE1    = "4 hours"', "number = 4", "durations.number", "a text"),
        ('DOSE1    = "4 hours"', "DOSE1 = {phone = 3}", "durations.DOSE1", "a text"),
        ('DOSE1    = "4 hours"', 'phone = "4 hours"', "line", "TOML"),
    ],
)
def test_each_fault_has_its_place_and_what_would_be_right(old: str, new: str, where: str, part: str) -> None:
    """One fault, one problem, with the key path, what was read and what would be right."""
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    (found,) = problems(text)
    assert found.where == where or (where == "line" and found.where.startswith("line"))
    assert part in str(found)


def test_all_problems_come_at_once_in_the_order_of_the_document() -> None:
    """A bad key hides no other one, and each is told once."""
    text = """
zone     = "Warsaw"
colour   = "red"
language = "Polish"

[durations]
phone   = "15 m"
"1x"    = "a while"
DOSE1   = 4
DOSE2   = "25 hours"

[contact]
phone   = "22 123 45 67"
fax     = "none"
geo     = [52, 210]
name    = " "
address = 3
"""
    found = problems(text)
    assert [problem.where for problem in found] == [
        "schema",
        "zone",
        "colour",
        "language",
        "durations.phone",
        "durations.1x",
        "durations.1x",
        "durations.DOSE1",
        "durations.DOSE2",
        "contact.phone",
        "contact.fax",
        "contact.geo",
        "contact.name",
        "contact.address",
    ]
    assert [problem.read for problem in found if problem.where == "durations.1x"] == ["1x", "a while"]


def test_a_problem_has_all_its_parts() -> None:
    """Place, what was read and what would be right, each in its field."""
    (found,) = problems(GOOD.replace("Europe/Warsaw", "europe/warsaw"))
    assert found == ts.Problem(
        "zone",
        "europe/warsaw",
        "a time zone of the IANA list: 'Europe/Warsaw', the nearest one",
        "cannot be read",
    )


def test_duplicate_keys_are_problems() -> None:
    """JSON that says a key twice is refused by place, in each table."""
    text = documents.dumps_clinic(EXPECTED, format="json")
    text = text.replace('"zone"', '"zone": "UTC", "zone"').replace('"phone": "15', '"phone": "1 hour", "phone": "15')
    found = problems(text, "json")
    assert [(p.where, p.message) for p in found] == [
        ("zone", "the key stands twice"),
        ("durations.phone", "the key stands twice"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            {"schema": "trialsched/clinic/1", "zone": "UTC", "durations": {f"V{n}": "x" for n in range(60_000)}}
        ),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "durations": {f"{n}": "x" for n in range(900)}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "durations": {f"{n}": n for n in range(60_000)}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", **{f"k{n}": n for n in range(60_000)}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "contact": {f"k{n}": n for n in range(60_000)}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "contact": {"geo": ["x"] * 100_000}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "x" * 900_000}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "durations": {"x" * 900_000: "1 hour"}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "durations": {"x": "1" + " " * 900_000}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "contact": {"phone": "+" + "1 " * 400_000}}),
        json.dumps({"schema": "trialsched/clinic/1", "zone": "UTC", "contact": {"address": "x\n" * 400_000}}),
        '{"zone": "UTC",' + ",".join(['"k":1'] * 140_000) + "}",
    ],
    ids=range(12),
)
def test_hostile_documents_are_refused_in_few_words(text: str) -> None:
    """None takes more than about a second; at most 1,000 problems are listed, each short."""
    found = problems(text, "json")
    assert 1 <= len(found) <= 1001
    assert len(found) < 1001 or found[-1].message == "and more: only the first 1,000 problems are told"
    assert max(len(str(problem)) for problem in found) < 1000


@pytest.mark.parametrize(("levels", "deep"), [(31, False), (32, True)])
def test_documents_are_at_most_32_levels_deep(levels: int, *, deep: bool) -> None:
    """The head is one level: 31 lists inside it make 32."""
    text = GOOD.replace('language = "pl"', f"x = {'[' * levels}{']' * levels}")
    assert ("too deeply" in str(problems(text)[0])) is deep


@pytest.mark.parametrize("form", ["toml", "json"])
@given(strategies.clinics())
def test_reading_is_the_inverse_of_writing(form: Any, clinic: ts.Clinic) -> None:  # noqa: ANN401
    """`loads_clinic(dumps_clinic(c)) == c`, and the same text again."""
    text = documents.dumps_clinic(clinic, format=form)
    again = documents.loads_clinic(text, format=form)
    assert again == clinic
    assert documents.dumps_clinic(again, format=form) == text


def test_a_document_reads_as_a_person_writes_it() -> None:
    """Plain texts in reading order, lines of an address as lines, what is not known left out."""
    clinic = ts.Clinic("Europe/Warsaw", contact=ts.Contact(address="ul. Prosta 1\nWarszawa"), durations={"V1": "PT90M"})
    assert documents.dumps_clinic(clinic) == (
        'schema = "trialsched/clinic/1"\nzone = "Europe/Warsaw"\n\n'
        '[contact]\naddress = """\nul. Prosta 1\nWarszawa"""\n\n'
        '[durations]\nV1 = "1 hour 30 minutes"\n'
    )


def test_writing_is_as_strict() -> None:
    """A format that there is, and a clinic."""
    with pytest.raises(ts.InvalidValueError) as caught:
        documents.dumps_clinic(EXPECTED, format="yaml")  # type: ignore[arg-type]
    assert caught.value.where == "format"
    with pytest.raises(ts.InvalidTypeError):
        documents.dumps_clinic("x")  # type: ignore[arg-type]


def test_a_file_is_toml_or_json(tmp_path: Path) -> None:
    """By text or path, the suffix in any case."""
    (tmp_path / "clinic.toml").write_text(GOOD, "utf-8")
    (tmp_path / "CLINIC.JSON").write_text(documents.dumps_clinic(EXPECTED, format="json"), "utf-8")
    assert documents.load_clinic(str(tmp_path / "clinic.toml")) == EXPECTED
    assert documents.load_clinic(tmp_path / "CLINIC.JSON") == EXPECTED
    (tmp_path / "bad.toml").write_text(GOOD + "x = 1", "utf-8")
    with pytest.raises(ts.ClinicError):
        documents.load_clinic(tmp_path / "bad.toml")


def test_a_protocol_is_no_clinic_and_a_clinic_no_protocol() -> None:
    """Each reader says which schema it reads."""
    found = problems(documents.dumps(ts.load_protocol("alstem")))
    assert "'trialsched/clinic/1'" in [problem.expected for problem in found]
    with pytest.raises(ts.ProtocolError) as caught:
        documents.loads(GOOD)
    assert "'trialsched/protocol/1'" in [problem.expected for problem in caught.value.problems]


LEAVES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-5, 500) | st.floats() | st.text(max_size=8) | st.just([]) | st.just({})
)


@given(strategies.clinics(), st.data())
def test_a_damaged_document_is_refused_and_never_crashes(clinic: ts.Clinic, data: st.DataObject) -> None:
    """Whatever stands in the place of one value, the reader gives a clinic or its problems."""
    document = json.loads(documents.dumps_clinic(clinic, format="json"))
    at: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], (dict, list)) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(LEAVES)
    found: tuple[ts.Problem, ...] = ()
    try:
        read = documents.loads_clinic(json.dumps(document), format="json")
    except ts.ClinicError as error:
        found = error.problems
    else:
        assert documents.loads_clinic(documents.dumps_clinic(read)) == read
        return
    assert found
    assert all(problem.message for problem in found)
