"""What documents may hold: their tables as pydantic models, and the JSON Schemas made from them."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic.json_schema import GenerateJsonSchema

from trialsched.clinic import LONGEST_TEXT, MAX_DURATIONS
from trialsched.errors import InvalidValueError
from trialsched.offsets import parse_date
from trialsched.protocol import COMPARISONS, Mode, Variant

if TYPE_CHECKING:
    from pydantic.config import JsonDict

OFFSET_FORM = "An offset: '30 days', '2 weeks', '3 months', '1 year', '3 months 2 days' or ISO 8601 'P30D'."
WHEN_FORM = "A day counted from another visit: '30 days after DOSE1', '90 days before DOSE1', 'on DOSE1'."
WINDOW_FORM = "Whole days around the target, both ends included: '±7 days', '-3/+5 days', '±1 month'."
CODE_FORM = "A letter, then letters, digits, '.', '_' or '-'; unique ignoring case."
WHEN_PATTERN = r"^\s*(on|.+\s(before|after))\s+\S+\s*$"


def _read_date(value: object) -> object:
    if isinstance(value, str):
        if value != value.strip():
            message = f"read {value!r}, expected a date as 'YYYY-MM-DD'"
            raise InvalidValueError(message)
        return parse_date(value)
    if isinstance(value, datetime):
        message = "a date without a time is meant"
        raise InvalidValueError(message)
    return value


class Table(BaseModel):
    """A table of a document: every key known, no value converted."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


_Texts = Annotated[dict[str, str], Field(description="The text by language tag: { en = '...', pl = '...' }.")]
_Code = Annotated[str, Field(description=CODE_FORM, pattern=r"^[A-Za-z]")]


def _text_or(table: str) -> Discriminator:
    return Discriminator(lambda value: "text" if isinstance(value, str) else table)


def _one_or_list() -> Discriminator:
    return Discriminator(lambda value: "list" if isinstance(value, list) else "one")


TAGS = {"text", "table", "list", "one"}


class CycleTable(Table):
    """The `repeat` of a visit."""

    every: str = Field(description=f"The time from one occurrence to the next, more than zero. {OFFSET_FORM}")
    times: int = Field(ge=1, le=1000, description="How many occurrences.")
    origin: Literal["first", "previous"] = Field(
        "first",
        alias="from",
        description="'first': occurrence n is `when` + (n-1) x `every`; 'previous': `every` after occurrence n-1.",
    )


class VisitTable(Table):
    """One of `[[visits]]`."""

    code: str = Field(
        pattern=r"^[A-Za-z]", description=f"{CODE_FORM} In a repeated visit '{{n}}' is the occurrence, from 1."
    )
    mode: Mode = Field(description="How the visit is held.")
    when: str | None = Field(None, pattern=WHEN_PATTERN, description=f"{WHEN_FORM} The anchor visit has none.")
    window: str | None = Field(None, description=f"As the protocol states it. {WINDOW_FORM}")
    assumed_window: str | None = Field(
        None, description=f"A working window that the protocol does not state. {WINDOW_FORM}"
    )
    counts_from: Literal["reference", "target"] = Field(
        "reference", description="Count from what happened (attended, else booked, else target), or always the target."
    )
    not_before: str | None = Field(None, pattern=WHEN_PATTERN, description=f"Cuts the window. {WHEN_FORM}")
    not_after: str | None = Field(None, pattern=WHEN_PATTERN, description=f"Cuts the window. {WHEN_FORM}")
    repeat: Annotated[Annotated[str, Tag("text")] | Annotated[CycleTable, Tag("table")], _text_or("table")] | None = (
        Field(None, description="A cycle, or the code of the visit whose cycle this one travels with.")
    )
    epoch: str | None = Field(None, description="The epoch of the trial, as 'screening'.")
    label: _Texts = Field(default_factory=dict)
    arms: list[str] = Field(default_factory=list, description="The arms it belongs to; none named means all.")
    procedures: list[str] = Field(default_factory=list)
    number: (
        Annotated[
            Annotated[int | float, Tag("one")] | Annotated[list[int | float], Tag("list")],
            _one_or_list(),
        ]
        | None
    ) = Field(None, description="SDTM VISITNUM; a list for a repeated visit.")
    nominal_day: Annotated[Annotated[int, Tag("one")] | Annotated[list[int], Tag("list")], _one_or_list()] | None = (
        Field(None, description="SDTM VISITDY, never 0; a list for a repeated visit.")
    )


class SpacingTable(Table):
    """One of `[[spacing]]`."""

    first: _Code = Field(alias="from")
    second: _Code = Field(alias="to")
    at_least: str = Field(description=f"The shortest time between the two attended visits. {OFFSET_FORM}")
    assumed: bool = Field(False, description="True when the protocol does not state it.")


class RuleTable(Table):
    """One of `[[eligibility]]`."""

    id: str = Field(description="The criterion's number, as 'I5'.")
    text: _Texts = Field(default_factory=dict)
    fact: str = Field(pattern="^[a-z]", description="The dated fact about the person, as 'diagnosis'.")
    at_least: str | None = Field(
        None, description=f"The fact lies at least this long before the reference. {OFFSET_FORM}"
    )
    more_than: str | None = Field(
        None, description=f"The fact lies longer than this before the reference. {OFFSET_FORM}"
    )
    less_than: str | None = Field(None, description=f"The fact lies less long than this before it. {OFFSET_FORM}")
    not_within: str | None = Field(None, description=f"The fact does not lie within this long before it. {OFFSET_FORM}")
    reference: str | None = Field(
        None, description="'baseline' or a visit code; without it the date asked about, by default the baseline."
    )


class DocumentTable(Table):
    """A whole document."""

    schema_: Literal["trialsched/protocol/1"] = Field(alias="schema", description="The kind of this document.")
    id: str = Field(pattern=r"^[A-Za-z]", description=CODE_FORM)
    title: _Texts = Field(default_factory=dict)
    version: str = Field(min_length=1, description="The protocol's version, as text.")
    variant: Variant | None = Field(None, description="'as-registered': nothing assumed.")
    in_force: Annotated[date, BeforeValidator(_read_date, json_schema_input_type=date)] | None = Field(
        None, description="The date from which this version is in force."
    )
    sources: list[str] = Field(default_factory=list)
    registry_ids: list[str] = Field(default_factory=list)
    anchor: _Code
    study_days_from: _Code | None = Field(
        None, description="The visit whose date is study day 1; without it the anchor."
    )
    arms: list[str] = Field(default_factory=list)
    unscheduled: list[str] = Field(
        default_factory=list,
        description="Codes of contacts that are recorded but never planned; 'UNS*' for any ending.",
    )
    visits: list[VisitTable] = Field(min_length=1)
    spacing: list[SpacingTable] = Field(default_factory=list)
    eligibility: list[RuleTable] = Field(default_factory=list)


TABLES: dict[str, type[Table]] = {"visits": VisitTable, "spacing": SpacingTable, "eligibility": RuleTable}
# To go on looking for problems where a value is missing or bad.
STAND_INS: dict[str, Any] = {"mode": "on-site", "fact": "fact", "id": "X", "from": "X", "to": "Y", "at_least": "1 day"}
CYCLE: dict[str, Any] = {"every": "1 day", "times": 1, "from": "first"}


def _given(*names: str) -> dict[str, Any]:
    """Return the schema of a table that has these keys, not as null."""
    return {"required": list(names), "properties": {name: {"type": "string"} for name in names}}


# The tables of a clinic say what type a value is of; its form is checked where clinics are made.
_LATITUDE: JsonDict = {"type": "number", "minimum": -90, "maximum": 90}
_LONGITUDE: JsonDict = {"type": "number", "minimum": -180, "maximum": 180}
_GEO: JsonDict = {"prefixItems": [_LATITUDE, _LONGITUDE], "items": False, "minItems": 2}
_NO_BLANKS = r"^\S(.*\S)?$"
_TAG = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,6}$"
_KEYS = r"^[A-Za-z][A-Za-z0-9._-]*(\{n\}[A-Za-z0-9._-]*)?$"
_DURATION = r"^\s*([0-9]+\s*[A-Za-z]+(\s*[0-9]+\s*[A-Za-z]+)?|PT[0-9HM]+)\s*$"


class ContactTable(Table):
    """The `[contact]` of a clinic."""

    name: str | None = Field(
        None, description="One line.", json_schema_extra={"maxLength": LONGEST_TEXT, "pattern": _NO_BLANKS}
    )
    address: str | None = Field(None, description="One line or several.")
    geo: list[float] | None = Field(
        None, description="[latitude, longitude] in decimal degrees, north and east positive.", json_schema_extra=_GEO
    )
    phone: str | None = Field(
        None,
        description="International form: '+48 22 123 45 67'.",
        json_schema_extra={"pattern": r"^\+[0-9() -]{5,}$"},
    )


class ClinicTable(Table):
    """A clinic's whole document."""

    schema_: Literal["trialsched/clinic/1"] = Field(alias="schema", description="The kind of this document.")
    zone: str = Field(
        description="A time zone of the IANA list, as 'Europe/Warsaw'.", json_schema_extra={"pattern": "^[A-Z]"}
    )
    language: str | None = Field(
        None, description="A language tag, as 'en' or 'pl'.", json_schema_extra={"pattern": _TAG}
    )
    contact: ContactTable = Field(default_factory=ContactTable.model_construct)
    durations: dict[str, Annotated[str, Field(json_schema_extra={"pattern": _DURATION})]] = Field(
        default_factory=dict,
        description="By mode or visit code ('C{n}D1' for a cycle): '90 minutes', '1 hour 30 minutes', 'PT1H30M'.",
        json_schema_extra={"propertyNames": {"pattern": _KEYS}, "maxProperties": MAX_DURATIONS},
    )


class TrialTable(Table):
    """The `trial.toml` of a trial's folder."""

    schema_: Literal["trialsched/trial/1"] = Field(alias="schema", description="The kind of this document.")
    date_format: str | None = Field(
        None, description="How dates are written in subjects.csv and visits.csv, as 'dd.mm.yyyy'."
    )
    study_key_file: str | None = Field(
        None,
        description="The file with the secret that event ids are made from, relative to the folder.",
        json_schema_extra={"pattern": _NO_BLANKS},
    )
    in_force: dict[str, Annotated[date, BeforeValidator(_read_date, json_schema_input_type=date)]] = Field(
        default_factory=dict,
        description="The dates from which versions of the protocol are in force at this site.",
        json_schema_extra={"propertyNames": {"pattern": _NO_BLANKS}},
    )


def json_schema(kind: Literal["protocol", "clinic", "trial"] = "protocol") -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document of a protocol, a clinic or a trial, for editors."""
    kinds: dict[str, type[Table]] = {"protocol": DocumentTable, "clinic": ClinicTable, "trial": TrialTable}
    if kind not in kinds:
        raise InvalidValueError(f"read {kind!r}, expected {' or '.join(map(repr, kinds))}", where="kind")
    schema = kinds[kind].model_json_schema(by_alias=True)
    tables = schema.get("$defs", {})
    for name in list(tables):
        short = name.removesuffix("Table").lower()
        tables[short] = {**tables.pop(name), "title": short}
    text = re.sub(r"#/\$defs/(\w+)Table", lambda m: f"#/$defs/{m[1].lower()}", json.dumps(schema))
    schema = json.loads(text)
    if kind == "protocol":
        schema["$defs"]["visit"]["not"] = _given("window", "assumed_window")
        schema["$defs"]["rule"]["oneOf"] = [_given(name) for name in COMPARISONS]
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": f"trialsched {kind} document"}
    return {**schema, **head}
