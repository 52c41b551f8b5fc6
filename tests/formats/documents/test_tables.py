"""The JSON Schemas, held against the readers."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

import trialsched as ts
from trialsched import strategies
from trialsched.errors import TrialError
from trialsched.formats import documents
from trialsched.formats.documents import tables

SCHEMA = documents.json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
CLINIC_SCHEMA = documents.json_schema("clinic")
CLINIC = jsonschema.Draft202012Validator(CLINIC_SCHEMA)
TRIAL_SCHEMA = documents.json_schema("trial")
TRIAL = jsonschema.Draft202012Validator(TRIAL_SCHEMA)
CYCLES = json.loads(documents.dumps(ts.load_protocol("cycles"), format="json"))


def test_the_schema_is_one() -> None:
    """Draft 2020-12, with a description for what a person fills in."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    visit = SCHEMA["$defs"]["visit"]
    assert visit["additionalProperties"] is False
    assert all("description" in visit["properties"][key] for key in ("code", "mode", "when", "window", "repeat"))
    assert "Table" not in json.dumps(SCHEMA)


@given(strategies.protocols())
def test_what_the_reader_takes_the_schema_takes(protocol: ts.Protocol) -> None:
    """Every document that is written is valid by the schema."""
    VALIDATOR.validate(json.loads(documents.dumps(protocol, format="json")))


@pytest.mark.parametrize("name", documents.bundled())
def test_the_bundled_documents_are_valid(name: str) -> None:
    """The shipped documents are valid by the schema."""
    VALIDATOR.validate(json.loads(documents.dumps(ts.load_protocol(name), format="json")))


def damaged(place: tuple[str | int, ...], value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the synthetic document with another value in one place; `...` takes the key away."""
    document: Any = json.loads(json.dumps(CYCLES))
    at = document
    for key in place[:-1]:
        at = at[key]
    if value is ...:
        del at[place[-1]]
    else:
        at[place[-1]] = value
    return document  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), "trialsched/protocol/2"),
        (("schema",), ...),
        (("id",), ...),
        (("id",), "1x"),
        (("version",), 1),
        (("version",), ""),
        (("anchor",), ...),
        (("study_days_from",), 3),
        (("study_days_from",), "1st"),
        (("colour",), "red"),
        (("title",), {"en": 3}),
        (("in_force",), 3),
        (("in_force",), "2026-02-30"),
        (("arms",), "A"),
        (("arms",), [1]),
        (("variant",), "x"),
        (("visits",), []),
        (("visits",), {}),
        (("visits",), ...),
        (("visits", 0, "code"), ...),
        (("visits", 0, "code"), 7),
        (("visits", 0, "code"), "7x"),
        (("visits", 0, "mode"), "fax"),
        (("visits", 0, "mode"), ...),
        (("visits", 0, "when"), "soon"),
        (("visits", 0, "when"), 3),
        (("visits", 0, "colour"), "red"),
        (("visits", 0, "assumed_window"), "±3 days"),
        (("visits", 0, "window"), 7),
        (("visits", 0, "counts_from"), "elsewhere"),
        (("visits", 0, "not_before"), "soon"),
        (("visits", 0, "number"), "1"),
        (("visits", 0, "number"), True),
        (("visits", 0, "nominal_day"), 1.5),
        (("visits", 0, "label"), "x"),
        (("visits", 2, "repeat"), {"every": "1 day"}),
        (("visits", 2, "repeat"), {"every": "1 day", "times": 0}),
        (("visits", 2, "repeat"), {"every": "1 day", "times": 1001}),
        (("visits", 2, "repeat"), {"every": "1 day", "times": 2, "from": "last"}),
        (("visits", 2, "repeat"), {"every": "1 day", "times": 2, "until": "x"}),
        (("visits", 2, "repeat"), 3),
        (("spacing", 0, "from"), ...),
        (("spacing", 0, "at_least"), 3),
        (("spacing", 0, "assumed"), "yes"),
        (("eligibility", 0, "id"), ...),
        (("eligibility", 0, "fact"), "Birth"),
        (("eligibility", 0, "at_least"), ...),
        (("eligibility", 0, "more_than"), "1 day"),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses_and_the_other_way(
    place: tuple[str | int, ...],
    value: Any,  # noqa: ANN401
) -> None:
    """An editor that follows the schema marks what the reader would refuse, at least by shape and type."""
    document = damaged(place, value)
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(ts.ProtocolError):
        documents.loads(json.dumps(document), format="json")


def test_there_is_a_schema_for_each_kind_of_document() -> None:
    """A protocol's by default; another kind is refused."""
    jsonschema.Draft202012Validator.check_schema(CLINIC_SCHEMA)
    assert documents.json_schema("protocol") == documents.json_schema() == SCHEMA
    jsonschema.Draft202012Validator.check_schema(TRIAL_SCHEMA)
    assert CLINIC_SCHEMA["title"] == "trialsched clinic document"
    assert TRIAL_SCHEMA["title"] == "trialsched trial document"
    assert "Table" not in json.dumps([CLINIC_SCHEMA, TRIAL_SCHEMA])
    with pytest.raises(ts.InvalidValueError) as caught:
        documents.json_schema("site")  # type: ignore[arg-type]
    assert caught.value.where == "kind"


def test_the_page_of_the_clinic_has_a_row_for_every_key() -> None:
    """Each key of each table of a clinic is explained."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "clinic-format.md").read_text("utf-8")
    for model in (tables.ClinicTable, tables.ContactTable):
        for name, field in model.model_fields.items():
            assert f"| `{field.alias or name}` |" in page


@given(strategies.clinics())
def test_what_the_reader_takes_of_a_clinic_the_schema_takes(clinic: ts.Clinic) -> None:
    """Every document that is written is valid by the schema."""
    CLINIC.validate(json.loads(documents.dumps_clinic(clinic, format="json")))


@pytest.mark.parametrize("text", ["90 minutes", "1 hour 30 min", "1h30min", "PT90M", "PT1H30M", "2 h"])
def test_the_schema_takes_every_way_to_write_a_duration(text: str) -> None:
    """As the reader does."""
    document = {"schema": "trialsched/clinic/1", "zone": "UTC", "durations": {"C{n}D1": text}}
    CLINIC.validate(document)
    documents.loads_clinic(json.dumps(document), format="json")


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "trialsched/clinic/2"},
        {"schema": "trialsched/protocol/1"},
        {"schema": None},
        {"zone": None},
        {"zone": 3},
        {"zone": "europe/warsaw"},
        {"zone": ""},
        {"language": 3},
        {"language": "PL"},
        {"language": "pl_PL"},
        {"open": ["monday"]},
        {"capacity": 3},
        {"contact": None},
        {"contact": "x"},
        {"contact": []},
        {"contact": {"fax": "x"}},
        {"contact": {"name": 3}},
        {"contact": {"name": ""}},
        {"contact": {"name": " x"}},
        {"contact": {"name": "x" * 201}},
        {"contact": {"name": "a\nb"}},
        {"contact": {"address": 3}},
        {"contact": {"geo": "52;21"}},
        {"contact": {"geo": [52]}},
        {"contact": {"geo": [52, 21, 3]}},
        {"contact": {"geo": [91, 21]}},
        {"contact": {"geo": [52, -181]}},
        {"contact": {"geo": ["52", "21"]}},
        {"contact": {"geo": [True, 21]}},
        {"contact": {"phone": 48221234567}},
        {"contact": {"phone": "0048 22 123 45 67"}},
        {"contact": {"phone": "+48 22 123 45 67 ext. 3"}},
        {"durations": None},
        {"durations": []},
        {"durations": {"phone": 15}},
        {"durations": {"phone": "15"}},
        {"durations": {"phone": ""}},
        {"durations": {"phone": "P1D"}},
        {"durations": {"phone": None}},
        {"durations": {"1x": "15 minutes"}},
        {"durations": {"a b": "15 minutes"}},
        {"durations": {f"V{n}": "15 minutes" for n in range(1001)}},
    ],
)
def test_what_the_schema_of_a_clinic_refuses_the_reader_refuses(changes: dict[str, Any]) -> None:
    """An editor that follows the schema marks what the reader would refuse, at least by shape and type."""
    document: dict[str, Any] = {"schema": "trialsched/clinic/1", "zone": "Europe/Warsaw"}
    CLINIC.validate(document)
    document |= changes
    for name in ("schema", "zone"):
        if document[name] is None:
            del document[name]
    assert not CLINIC.is_valid(document)
    with pytest.raises(ts.ClinicError):
        documents.loads_clinic(json.dumps(document), format="json")


def test_the_page_of_the_folder_has_a_row_for_every_key() -> None:
    """Each key of `trial.toml` is explained."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "trial-folder.md").read_text("utf-8")
    for name, field in tables.TrialTable.model_fields.items():
        assert f"| `{field.alias or name}` |" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "trialsched/trial/2"},
        {"schema": None},
        {"date_format": 3},
        {"study_key_file": ["key"]},
        {"study_key_file": ""},
        {"study_key_file": " key"},
        {"in_force": None},
        {"in_force": ["2026-05-15"]},
        {"in_force": {"2": 3}},
        {"in_force": {"2": {"0": "2026-05-15"}}},
        {"in_force": {"": "2026-05-15"}},
        {"in_force": {"2 ": "2026-05-15"}},
        {"version": "2"},
    ],
)
def test_what_the_schema_of_a_trial_refuses_the_reader_refuses(changes: dict[str, Any]) -> None:
    """An editor that follows the schema marks what the reader would refuse, at least by shape and type."""
    document: dict[str, Any] = {"schema": "trialsched/trial/1", "in_force": {"2": "2026-05-15"}}
    TRIAL.validate(document)
    documents.loads_trial(json.dumps(document), format="json")
    document |= changes
    if document["schema"] is None:
        del document["schema"]
    assert not TRIAL.is_valid(document)
    with pytest.raises(TrialError):
        documents.loads_trial(json.dumps(document), format="json")
