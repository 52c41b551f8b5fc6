"""Datasets as text: CSV, and CDISC Dataset-JSON 1.1."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Final, Literal, get_args

from trialsched._text import json_text, nearest_or, shown
from trialsched._version import __version__
from trialsched.errors import DateOutOfRangeError, InvalidTypeError, InvalidValueError
from trialsched.formats.sdtm.design import ANCHOR_RULE
from trialsched.formats.sdtm.variables import TABLES, TV

if TYPE_CHECKING:
    from trialsched.formats.sdtm.model import Column, Dataset

Format = Literal["csv", "json"]
VERSION: Final = "1.1.0"
_SYSTEM: Final = {"name": "trialsched", "version": __version__}


def dumps(dataset: Dataset, *, format: Format = "csv", stamp: datetime | None = None) -> str:  # noqa: A002 - the word of the verb
    """Return a dataset as text. JSON needs `stamp`, when it was made, with a time zone.

    CSV: RFC 4180 with line feeds, a header of names, nothing where there is no value, and no guard against formulas:
    it is for programs. Raises `InvalidTypeError` and `InvalidValueError`.
    """
    if format == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in dataset.columns])
        writer.writerows(dataset.rows)
        return out.getvalue()
    if format != "json":
        expected = nearest_or(str(format), get_args(Format), "'csv' or 'json'")
        raise InvalidValueError(f"read {shown(format)!r}, expected {expected}", where="format")
    head = as_json(dataset, stamp)
    rows = ",\n".join(json_text(row) for row in dataset.rows)
    columns = ",\n".join(json_text(column) for column in head.pop("columns"))
    lines = [f"{json_text(key)}: {json_text(value)}" for key, value in head.items()]
    lines += [f'"columns": [\n{columns}\n]', f'"rows": [\n{rows}\n]' if rows else '"rows": []']
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dump(dataset: Dataset, fp: IO[bytes], *, format: Format = "csv", stamp: datetime | None = None) -> None:  # noqa: A002 - the word of the verb
    """Write a dataset to a file open for bytes, in UTF-8."""
    fp.write(dumps(dataset, format=format, stamp=stamp).encode())


def as_json(dataset: Dataset, stamp: datetime | None) -> dict[str, Any]:
    """Return the attributes of Dataset-JSON 1.1 without the rows, in the order of its specification."""
    return {
        "datasetJSONCreationDateTime": _moment(stamp),
        "datasetJSONVersion": VERSION,
        "fileOID": f"FILE.{dataset.study}.{dataset.as_of.isoformat()}.{dataset.name}",
        "sourceSystem": dict(_SYSTEM),
        "studyOID": dataset.study,
        "metaDataVersionOID": dataset.origin,
        "itemGroupOID": f"IG.{dataset.name}",
        "records": len(dataset.rows),
        "name": dataset.name,
        "label": dataset.label,
        "columns": [_column(dataset.name, column) for column in dataset.columns],
    }


def _column(name: str, column: Column) -> dict[str, Any]:
    found = {
        "itemOID": f"IT.{name}.{column.name}",
        "name": column.name,
        "label": column.label,
        "dataType": column.data_type,
        "length": column.length,
        "keySequence": column.key_sequence,
    }
    return {key: value for key, value in found.items() if value is not None}


def _moment(stamp: datetime | None) -> str:
    if not isinstance(stamp, datetime) or stamp.utcoffset() is None:
        message = f"a datetime with a time zone is meant, when the dataset was made; read {stamp!r}"
        raise InvalidTypeError(message, where="stamp")
    try:
        return stamp.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except OverflowError:
        message = f"{stamp.isoformat()} is past the years 1 to 9999 in UTC"
        raise DateOutOfRangeError(message, where="stamp") from None


def is_ours(data: bytes) -> bool:
    """Return whether a file is a dataset that trialsched wrote: JSON by its source system, CSV by its header line.

    The header of TV is that of the guide's table, and so anybody's: ours has the rule of the anchor visit as well.
    """
    if data[:1] == b"{":
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            return False
        system = found.get("sourceSystem")
        return isinstance(system, dict) and system.get("name") == _SYSTEM["name"]
    header, _, rows = data.partition(b"\n")
    if header == ",".join(TV.header).encode():
        return ANCHOR_RULE.encode() in rows
    return any(header == ",".join(table.header).encode() for table in TABLES)
