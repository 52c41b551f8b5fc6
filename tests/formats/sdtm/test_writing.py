"""CSV, and Dataset-JSON 1.1 held to the sentences of its specification."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

import trialsched
from trialsched.compliance import check
from trialsched.errors import DateOutOfRangeError, InvalidTypeError, InvalidValueError
from trialsched.formats.sdtm import Column, Dataset, datasets, dump, dumps, is_ours
from trialsched.plan import Plan
from trialsched.strategies import histories

VERSION = trialsched.__version__
FEW = settings(max_examples=30)  # a history takes its time to be drawn
STAMP = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
COLUMNS = (
    Column("STUDYID", "Study Identifier", "string", 6, 1),
    Column("VISITNUM", "Visit Number", "double", None, 2),
    Column("VISITDY", "Planned Study Day of Visit", "integer", None, None),
    Column("SVUPDES", "Description of Unplanned Visit", "string", 40, None),
)
ROWS = (
    ("Łódź-1", 4, -14, None),
    ("Łódź-1", 4.01, None, 'said "no",\nthen yes'),
    ("Łódź-1", 10.5, 31, "=1+1"),
)


def dataset(*rows: tuple[str, float, int | None, str | None]) -> Dataset:
    """Return a small dataset."""
    return Dataset("SV", "Subject Visits", COLUMNS, rows, "Łódź-1", date(2026, 7, 1), "MDV.p.1")


def test_csv_is_rfc_4180_with_line_feeds() -> None:
    """A header of names, nothing for no value, quotes doubled, nothing guarded: it is for programs."""
    assert dumps(dataset(*ROWS)) == (
        'STUDYID,VISITNUM,VISITDY,SVUPDES\nŁódź-1,4,-14,\nŁódź-1,4.01,,"said ""no"",\nthen yes"\nŁódź-1,10.5,31,=1+1\n'
    )
    assert dumps(dataset()) == "STUDYID,VISITNUM,VISITDY,SVUPDES\n"


def test_json_to_the_byte() -> None:
    """Attributes in the order of the specification, a row on a line, null for no value."""
    assert dumps(dataset(*ROWS[:2]), format="json", stamp=STAMP).replace(VERSION, "V") == (
        "{\n"
        '"datasetJSONCreationDateTime": "2026-07-01T12:00:00Z",\n'
        '"datasetJSONVersion": "1.1.0",\n'
        '"fileOID": "FILE.Łódź-1.2026-07-01.SV",\n'
        '"sourceSystem": {"name": "trialsched", "version": "V"},\n'
        '"studyOID": "Łódź-1",\n'
        '"metaDataVersionOID": "MDV.p.1",\n'
        '"itemGroupOID": "IG.SV",\n'
        '"records": 2,\n'
        '"name": "SV",\n'
        '"label": "Subject Visits",\n'
        '"columns": [\n'
        '{"itemOID": "IT.SV.STUDYID", "name": "STUDYID", "label": "Study Identifier", "dataType": "string", '
        '"length": 6, "keySequence": 1},\n'
        '{"itemOID": "IT.SV.VISITNUM", "name": "VISITNUM", "label": "Visit Number", "dataType": "double", '
        '"keySequence": 2},\n'
        '{"itemOID": "IT.SV.VISITDY", "name": "VISITDY", "label": "Planned Study Day of Visit", '
        '"dataType": "integer"},\n'
        '{"itemOID": "IT.SV.SVUPDES", "name": "SVUPDES", "label": "Description of Unplanned Visit", '
        '"dataType": "string", "length": 40}\n'
        "],\n"
        '"rows": [\n'
        '["Łódź-1", 4, -14, null],\n'
        '["Łódź-1", 4.01, null, "said \\"no\\",\\nthen yes"]\n'
        "]\n"
        "}\n"
    )


def test_no_rows_is_an_empty_list() -> None:
    """Section Top-level Metadata Attributes: records 0."""
    found = json.loads(dumps(dataset(), format="json", stamp=STAMP))
    assert (found["records"], found["rows"]) == (0, [])


def test_files_are_utf_8() -> None:
    """`dump` writes the bytes of what `dumps` gives."""
    for form in ("csv", "json"):
        out = io.BytesIO()
        dump(dataset(*ROWS), out, format=form, stamp=STAMP)
        assert out.getvalue().decode() == dumps(dataset(*ROWS), format=form, stamp=STAMP)


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        (datetime(2026, 7, 1, 14, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=2))), "2026-07-01T12:30:15Z"),
        (datetime(2026, 1, 1, 0, 0, tzinfo=timezone(timedelta(hours=1))), "2025-12-31T23:00:00Z"),
    ],
)
def test_the_stamp_is_in_utc_to_the_second(stamp: datetime, text: str) -> None:
    """The same moment gives the same bytes in every zone."""
    assert json.loads(dumps(dataset(), format="json", stamp=stamp))["datasetJSONCreationDateTime"] == text


def test_json_needs_a_stamp_with_its_zone() -> None:
    """It is required by the format, and no clock is read here; CSV has none."""
    for stamp in (None, datetime(2026, 7, 1, 12, 0), "2026-07-01T12:00:00Z"):  # noqa: DTZ001 - a naive one
        with pytest.raises(InvalidTypeError, match=r"^stamp: a datetime with a time zone is meant"):
            dumps(dataset(), format="json", stamp=stamp)  # type: ignore[arg-type]
    with pytest.raises(DateOutOfRangeError, match=r"^stamp: "):
        dumps(dataset(), format="json", stamp=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))))


def test_other_formats_are_refused() -> None:
    """With the nearest one there is."""
    with pytest.raises(InvalidValueError, match=r"^format: read 'jsn', expected 'json', the nearest one"):
        dumps(dataset(), format="jsn")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"^format: read 'xpt', expected 'csv' or 'json'"):
        dumps(dataset(), format="xpt")  # type: ignore[arg-type]


def test_what_we_wrote_is_known_again() -> None:
    """JSON by its source system, CSV by its header line; anything else is somebody's."""
    made = datasets([check(plan_of_one(), date(2026, 7, 1))], number_by_position=True)
    for one in made:
        assert is_ours(dumps(one).encode())
        assert is_ours(dumps(one, format="json", stamp=STAMP).encode())
    data = dumps(made.sv, format="json", stamp=STAMP).encode()
    foreign = (
        b"",
        b"{",
        b"{}",
        b'{"sourceSystem": "trialsched"}',
        b'{"sourceSystem": {"name": "EDC"}}',
        data[:-3],
        data.replace(b'"trialsched"', b'"other"'),
        b"my notes\n",
        dumps(made.sv).encode().replace(b"SVUPDES", b"SVUPDES2"),
        dumps(made.sv).encode().replace(b",", b";"),
        # TV has all variables of the guide's table, and nothing else: somebody's has other rules
        dumps(made.tv).encode().replace(b"On the planned baseline", b"Start of Treatment"),
        dumps(made.tv).encode().partition(b"\n")[0] + b"\n",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    )
    assert not any(map(is_ours, foreign))


def plan_of_one() -> Plan:
    """Return a plan of the bundled cycles."""
    from trialsched.formats.documents import load_protocol
    from trialsched.plan import schedule
    from trialsched.subject import Subject

    return schedule(load_protocol("cycles"), Subject("S", baseline=date(2026, 3, 2), arm="A"))


# The specification of Dataset-JSON 1.1 (CDISC, 2024-12-05), sentence by sentence. Its JSON Schema is not copied here.

TOP = {  # section Top-level Metadata Attributes: the attributes in their order, and their JSON types
    "datasetJSONCreationDateTime": str,
    "datasetJSONVersion": str,
    "fileOID": str,
    "dbLastModifiedDateTime": str,
    "originator": str,
    "sourceSystem": dict,
    "studyOID": str,
    "metaDataVersionOID": str,
    "metaDataRef": str,
    "itemGroupOID": str,
    "records": int,
    "name": str,
    "label": str,
    "columns": list,
    "rows": list,
}
REQUIRED = {"datasetJSONCreationDateTime", "datasetJSONVersion", "itemGroupOID", "records", "name", "label", "columns"}
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(([+-]\d{2}:\d{2})|Z)?")
# section Column Metadata
COLUMN = {
    "itemOID": str,
    "name": str,
    "label": str,
    "dataType": str,
    "targetDataType": str,
    "length": int,
    "displayFormat": str,
    "keySequence": int,
}
# section Supported Column Data Type Combinations, of the types used here
JSON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "double": (int, float)}


def hold_to_the_specification(document: dict[str, Any]) -> None:
    """Assert every rule of the specification that a dataset can break."""
    given_order = [key for key in TOP if key in document]
    assert list(document) == given_order  # no other attribute, in "the attribute order documented"
    assert set(document) >= REQUIRED
    assert all(type(document[key]) is kind for key, kind in TOP.items() if key in document)
    assert MOMENT.fullmatch(document["datasetJSONCreationDateTime"])
    assert re.fullmatch(r"1\.1(\.(0|([1-9][0-9]*)))?", document["datasetJSONVersion"])
    assert set(document["sourceSystem"]) == {"name", "version"}
    assert all(document[key] for key in ("fileOID", "studyOID", "metaDataVersionOID", "itemGroupOID", "name"))
    for column in document["columns"]:
        assert list(column) == [key for key in COLUMN if key in column]
        assert set(column) >= {"itemOID", "name", "label", "dataType"}
        assert all(type(column[key]) is kind for key, kind in COLUMN.items() if key in column)
        assert all(column[key] >= 1 for key in ("length", "keySequence") if key in column)
        assert column["dataType"] in JSON_TYPES  # each without a targetDataType
        assert "targetDataType" not in column
    keys = sorted(column["keySequence"] for column in document["columns"] if "keySequence" in column)
    assert keys == list(range(1, len(keys) + 1))
    assert len({column["itemOID"] for column in document["columns"]}) == len(document["columns"])
    assert document["records"] == len(document["rows"])
    for row in document["rows"]:  # section Row Data: a value for each column, null where it is missing
        assert len(row) == len(document["columns"])
        for value, column in zip(row, document["columns"], strict=True):
            assert value is None or type(value) in JSON_TYPES[column["dataType"]]
            assert value != ""
            if isinstance(value, str):
                assert len(value) <= column["length"]


@FEW
@given(histories())
def test_every_dataset_is_valid_and_its_csv_says_the_same(plan: Plan) -> None:
    """For any records: by the specification's sentences; the CSV read back has the same values, as text."""
    for one in datasets([check(plan, plan.day_zero)], number_by_position=True):
        document = json.loads(dumps(one, format="json", stamp=STAMP))
        hold_to_the_specification(document)
        header, *rows = csv.reader(io.StringIO(dumps(one), newline=""))
        assert header == [column["name"] for column in document["columns"]]
        assert rows == [["" if value is None else str(value) for value in row] for row in document["rows"]]
