"""The variables and their labels, against published ones."""

from datetime import date

import pytest

from trialsched.formats.sdtm.variables import CONTACT_MODES, DV, SV, TABLES, TD, TV, Table
from trialsched.protocol import MODES

# Typed from the specification tables of the CDISC SDTM Implementation Guide 3.4: TV 7.3.1, TD 7.3.2, SV 5.5, DV 6.2.
# Those of TV and of SV up to VISITDY are also the labels of the CDISC pilot study's datasets.
LABELS = {
    "TV": """STUDYID Study Identifier|DOMAIN Domain Abbreviation|VISITNUM Visit Number|VISIT Visit Name
        |VISITDY Planned Study Day of Visit|ARMCD Planned Arm Code|ARM Description of Planned Arm
        |TVSTRL Visit Start Rule|TVENRL Visit End Rule""",
    "SV": """STUDYID Study Identifier|DOMAIN Domain Abbreviation|USUBJID Unique Subject Identifier
        |VISITNUM Visit Number|VISIT Visit Name|SVPRESP Pre-specified|SVOCCUR Occurrence
        |SVREASOC Reason for Occur Value|SVCNTMOD Contact Mode|VISITDY Planned Study Day of Visit
        |SVSTDTC Start Date/Time of Observation|SVENDTC End Date/Time of Observation
        |SVSTDY Study Day of Start of Observation|SVENDY Study Day of End of Observation
        |SVUPDES Description of Unplanned Visit""",
    "DV": """STUDYID Study Identifier|DOMAIN Domain Abbreviation|USUBJID Unique Subject Identifier
        |DVSEQ Sequence Number|DVSPID Sponsor-Defined Identifier|DVTERM Protocol Deviation Term
        |DVDECOD Protocol Deviation Coded Term|DVCAT Category for Protocol Deviation|EPOCH Epoch
        |DVSTDTC Start Date/Time of Deviation|DVSTDY Study Day of Start of Deviation Event""",
    "TD": """STUDYID Study Identifier|DOMAIN Domain Abbreviation|TDORDER Sequence of Planned Assessment Schedule
        |TDANCVAR Anchor Variable Name|TDSTOFF Offset from the Anchor|TDTGTPAI Planned Assessment Interval
        |TDMINPAI Planned Assessment Interval Minimum|TDMAXPAI Planned Assessment Interval Maximum
        |TDNUMRPT Maximum Number of Actual Assessments""",
}
NUMBERS = {"VISITNUM", "VISITDY", "SVSTDY", "SVENDY", "DVSEQ", "DVSTDY", "TDORDER", "TDNUMRPT"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_names_labels_and_order_are_those_of_the_guide(table: Table) -> None:
    """SDTMIG 3.4, and within the limits of a SAS transport file: names of 8 characters, labels of 40."""
    expected = [entry.split(maxsplit=1) for entry in LABELS[table.name].split("|")]
    assert [(name, label) for name, label, _ in table.variables] == [(n, label.strip()) for n, label in expected]
    assert all(len(name) <= 8 and len(label) <= 40 for name, label, _ in table.variables)


def test_labels_of_datasets_are_those_of_the_guide() -> None:
    """SDTMIG 3.4, 3.2.1."""
    assert [(table.name, table.label) for table in TABLES] == [
        ("TV", "Trial Visits"),
        ("SV", "Subject Visits"),
        ("DV", "Protocol Deviations"),
        ("TD", "Trial Disease Assessments"),
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_numbers_are_numbers_and_dates_are_texts(table: Table) -> None:
    """The guide's `Num` are integers, but VISITNUM, which has decimals; its `Char` are strings, dates too."""
    for name, _, kind in table.variables:
        assert kind == ("double" if name == "VISITNUM" else "integer" if name in NUMBERS else "string")


def test_keys_are_variables_of_their_dataset() -> None:
    """They begin with STUDYID; SDTMIG 3.4, 3.2.1 has them as examples."""
    assert [table.keys for table in (TV, SV, DV, TD)] == [
        ("STUDYID", "ARMCD", "VISITNUM"),
        ("STUDYID", "USUBJID", "VISITNUM"),
        ("STUDYID", "USUBJID", "DVSEQ"),
        ("STUDYID", "TDORDER"),
    ]
    assert all(set(table.keys) <= set(table.header) for table in TABLES)


def test_every_mode_has_a_term_of_the_codelist() -> None:
    """CDISC SDTM terminology 2025-03-28, CNTMODE (C171445): C175574, C171537, C171525; home is in person."""
    assert CONTACT_MODES == {
        "on-site": "IN PERSON",
        "home": "IN PERSON",
        "phone": "TELEPHONE CALL",
        "video": "REMOTE AUDIO VIDEO",
    }
    assert set(CONTACT_MODES) == set(MODES)


def test_a_text_is_as_long_as_its_longest_value() -> None:
    """In characters, 1 where there is none; numbers have no length, keys their place."""
    rows = [(1, "ANCH1DT", "P0D", "P8W", None, None, 6), (2, "ANCH2DT", "P48W", "P12W", None, None, 4)]
    made = TD.filled(rows, "Łódź-1", date(2026, 7, 1), "MDV")
    assert {c.name: c.length for c in made.columns} == {
        "STUDYID": 6,
        "DOMAIN": 2,
        "TDORDER": None,
        "TDANCVAR": 7,
        "TDSTOFF": 4,
        "TDTGTPAI": 4,
        "TDMINPAI": 1,
        "TDMAXPAI": 1,
        "TDNUMRPT": None,
    }
    assert [c.key_sequence for c in made.columns] == [1, None, 2, *[None] * 6]
    assert made.rows[0] == ("Łódź-1", "TD", 1, "ANCH1DT", "P0D", "P8W", None, None, 6)
