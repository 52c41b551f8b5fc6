"""The JSON Schema, held against the reader."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given

import trialsched as ts
from trialsched import strategies
from trialsched.formats import documents

SCHEMA = documents.json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
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
