"""The variables of each dataset, in their order, with the labels of the SDTM Implementation Guide 3.4.

TV is its section 7.3.1, TD 7.3.2, SV 5.5, DV that of protocol deviations in 6.2. Left out are permissible variables
that a visit schedule cannot tell: SVEPCHGI, DVREFID, DVSCAT, TAETORD, DVENDTC, DVENDY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from trialsched.formats.sdtm.model import Column, Dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from trialsched.formats.sdtm.model import DataType, Value

CONTACT_MODES: Final = {
    "on-site": "IN PERSON",
    "home": "IN PERSON",
    "phone": "TELEPHONE CALL",
    "video": "REMOTE AUDIO VIDEO",
}
"""Our modes in the terms of the CDISC SDTM codelist CNTMODE (Mode of Subject Contact, C171445)."""

LONGEST: Final = 200  # bytes of a text in a SAS transport file
LONGEST_ARM: Final = 20  # SDTMIG 3.4, 7.3.1: characters of ARMCD

_COMMON: Final[tuple[tuple[str, str, DataType], ...]] = (
    ("STUDYID", "Study Identifier", "string"),
    ("DOMAIN", "Domain Abbreviation", "string"),
)
_SUBJECT: Final = (*_COMMON, ("USUBJID", "Unique Subject Identifier", "string"))


class Table(NamedTuple):
    """A dataset before it has rows: its name and label, its variables, and which of them are its keys.

    `required` are the variables whose Core is Req in the guide's tables: there, and with a value in every row.
    """

    name: str
    label: str
    variables: tuple[tuple[str, str, DataType], ...]
    keys: tuple[str, ...]
    required: tuple[str, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the variables."""
        return tuple(name for name, _, _ in self.variables)

    def filled(self, rows: Iterable[Sequence[Value]], study: str, as_of: date, origin: str) -> Dataset:
        """Return the dataset with its rows, each text column as long as its longest value."""
        kept = tuple((study, self.name, *row) for row in rows)
        columns = []
        for place, (name, label, kind) in enumerate(self.variables):
            key = self.keys.index(name) + 1 if name in self.keys else None
            texts = (value for row in kept if isinstance(value := row[place], str))
            length = max(map(len, texts), default=1) if kind == "string" else None
            columns.append(Column(name, label, kind, length, key))
        return Dataset(self.name, self.label, tuple(columns), kept, study, as_of, origin)


TV: Final = Table(
    "TV",
    "Trial Visits",
    (
        *_COMMON,
        ("VISITNUM", "Visit Number", "double"),
        ("VISIT", "Visit Name", "string"),
        ("VISITDY", "Planned Study Day of Visit", "integer"),
        ("ARMCD", "Planned Arm Code", "string"),
        ("ARM", "Description of Planned Arm", "string"),
        ("TVSTRL", "Visit Start Rule", "string"),
        ("TVENRL", "Visit End Rule", "string"),
    ),
    ("STUDYID", "ARMCD", "VISITNUM"),
    ("STUDYID", "DOMAIN", "VISITNUM", "TVSTRL"),
)
SV: Final = Table(
    "SV",
    "Subject Visits",
    (
        *_SUBJECT,
        ("VISITNUM", "Visit Number", "double"),
        ("VISIT", "Visit Name", "string"),
        ("SVPRESP", "Pre-specified", "string"),
        ("SVOCCUR", "Occurrence", "string"),
        ("SVREASOC", "Reason for Occur Value", "string"),
        ("SVCNTMOD", "Contact Mode", "string"),
        ("VISITDY", "Planned Study Day of Visit", "integer"),
        ("SVSTDTC", "Start Date/Time of Observation", "string"),
        ("SVENDTC", "End Date/Time of Observation", "string"),
        ("SVSTDY", "Study Day of Start of Observation", "integer"),
        ("SVENDY", "Study Day of End of Observation", "integer"),
        ("SVUPDES", "Description of Unplanned Visit", "string"),
    ),
    ("STUDYID", "USUBJID", "VISITNUM"),
    ("STUDYID", "DOMAIN", "USUBJID", "VISITNUM"),
)
DV: Final = Table(
    "DV",
    "Protocol Deviations",
    (
        *_SUBJECT,
        ("DVSEQ", "Sequence Number", "integer"),
        ("DVSPID", "Sponsor-Defined Identifier", "string"),
        ("DVTERM", "Protocol Deviation Term", "string"),
        ("DVDECOD", "Protocol Deviation Coded Term", "string"),
        ("DVCAT", "Category for Protocol Deviation", "string"),
        ("EPOCH", "Epoch", "string"),
        ("DVSTDTC", "Start Date/Time of Deviation", "string"),
        ("DVSTDY", "Study Day of Start of Deviation Event", "integer"),
    ),
    ("STUDYID", "USUBJID", "DVSEQ"),
    ("STUDYID", "DOMAIN", "USUBJID", "DVSEQ", "DVTERM"),
)
TD: Final = Table(
    "TD",
    "Trial Disease Assessments",
    (
        *_COMMON,
        ("TDORDER", "Sequence of Planned Assessment Schedule", "integer"),
        ("TDANCVAR", "Anchor Variable Name", "string"),
        ("TDSTOFF", "Offset from the Anchor", "string"),
        ("TDTGTPAI", "Planned Assessment Interval", "string"),
        ("TDMINPAI", "Planned Assessment Interval Minimum", "string"),
        ("TDMAXPAI", "Planned Assessment Interval Maximum", "string"),
        ("TDNUMRPT", "Maximum Number of Actual Assessments", "integer"),
    ),
    ("STUDYID", "TDORDER"),
    ("STUDYID", "DOMAIN", "TDORDER", "TDANCVAR", "TDSTOFF", "TDTGTPAI", "TDMINPAI", "TDMAXPAI", "TDNUMRPT"),
)
TABLES: Final = (TV, SV, DV, TD)
