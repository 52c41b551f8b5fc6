"""What a dataset is: a name, a label, columns and rows; and the four of a trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

DataType = Literal["string", "integer", "double"]
Value = str | int | float | None


class Column(NamedTuple):
    """A variable of a dataset. Read it by name: fields may be added at the end.

    `length` is that of the longest text in characters, at least 1, None for numbers; `key_sequence` the place among
    the keys, from 1.
    """

    name: str
    label: str
    data_type: DataType
    length: int | None
    key_sequence: int | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset: rows in the order of its keys, None where there is no value.

    `study` is its STUDYID, `as_of` the day on which it was asked, `origin` names the protocol by id, version, variant
    and fingerprint.
    """

    name: str
    label: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    study: str
    as_of: date
    origin: str

    def records(self) -> Iterator[dict[str, Value]]:
        """Yield each row by the names of the variables."""
        names = [column.name for column in self.columns]
        for row in self.rows:
            yield dict(zip(names, row, strict=True))


@dataclass(frozen=True, slots=True)
class Datasets:
    """The datasets of a trial; `sv` and `dv` may have no row, `td` is None where nothing repeats.

    Iterating gives those that have rows, which are to be written: an empty dataset is not submitted. `notes` say in
    English what a reader of the datasets must know: what has no row and why, what is left empty.
    """

    tv: Dataset
    sv: Dataset
    dv: Dataset
    td: Dataset | None
    notes: tuple[str, ...]

    def __iter__(self) -> Iterator[Dataset]:
        """Yield those of TV, SV, DV and TD that have rows."""
        for dataset in (self.tv, self.sv, self.dv, self.td):
            if dataset is not None and dataset.rows:
                yield dataset
