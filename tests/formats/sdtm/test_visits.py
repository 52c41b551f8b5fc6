"""SV, against the example of the guide and by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from trialsched.compliance import Report, check
from trialsched.formats.sdtm import Datasets, datasets
from trialsched.formats.sdtm.visits import reference_start, some, study_day_of
from trialsched.offsets import PartialDate
from trialsched.plan import schedule
from trialsched.protocol import Meta, Numbering, Protocol, Timing, Visit
from trialsched.subject import Subject, VisitRecord

ZERO = date(2020, 2, 19)
LATER = date(2020, 7, 1)


def guide() -> Protocol:
    """Return the planned visits of SDTMIG 3.4, 5.5, example 1: VISITNUM 1 to 8, a week between the numbers or two."""
    days = {"WEEK1": 7, "WEEK2": 14, "WEEK4": 28, "WEEK6": 42, "WEEK8": 56, "FOLLOW-UP": 70}
    visits = [
        Visit("SCREEN", "on-site", "7 days before DAY1", epoch="screening", numbering=Numbering(1)),
        Visit("DAY1", "on-site", epoch="treatment", numbering=Numbering(2, 1)),
    ]
    for number, (code, day) in enumerate(days.items(), start=3):
        nominal = day + 1 if code != "FOLLOW-UP" else None
        visits.append(Visit(code, "on-site", f"{day} days after DAY1", numbering=Numbering(number, nominal)))
    return Protocol("guide", "1", "DAY1", visits, unscheduled=["UNS*"])


def person(*records: VisitRecord, **facts: Any) -> Subject:  # noqa: ANN401 - fields of a subject
    """Return subject 101."""
    return Subject("101", baseline=ZERO, records=records, **facts)


def came(code: str, *day: int, mode: Any = "on-site", **facts: Any) -> VisitRecord:  # noqa: ANN401 - fields of a record
    """Return a record of what was attended, as far as its day is known."""
    known = date(*day) if len(day) == 3 else PartialDate(*day)
    return VisitRecord(code, attended=known, mode=mode, **facts)


def rows(subject: Subject, *protocols: Protocol, as_of: date = LATER) -> list[dict[str, Any]]:
    """Return the rows of SV of a subject, without the study, the domain and what has no value."""
    made = datasets([report(subject, *protocols, as_of=as_of)])
    found = [{key: value for key, value in row.items() if value is not None} for row in made.sv.records()]
    assert all(row.pop("STUDYID") and row.pop("DOMAIN") == "SV" and row.pop("USUBJID") for row in found)
    return found


def told(made: Datasets) -> tuple[str, ...]:
    """Return what is told of the rows of SV."""
    return tuple(note for note in made.notes if note.startswith("SV has "))


def report(subject: Subject, *protocols: Protocol, as_of: date = LATER) -> Report:
    """Return what `check` says."""
    return check([schedule(one, subject) for one in protocols or (guide(),)], as_of)


def test_the_example_of_the_guide() -> None:
    """SDTMIG 3.4, 5.5, example 1, subject 101, rows 10 to 14: early, missed with its reason, and unscheduled.

    The guide's subject was screened over days, and its unscheduled visit is 4.1 without a name; ours is numbered as
    the Metadata Submission Guidelines 2.0 do, in steps of 0.01, and has its code in VISIT.
    """
    found = rows(
        person(
            came("SCREEN", 2020, 2, 13),
            came("DAY1", 2020, 2, 19),
            came("WEEK1", 2020, 2, 25),
            VisitRecord("WEEK2", outcome="missed", note="CLINIC CLOSED DUE\nTO BAD WEATHER"),
            came("UNS1", 2020, 3, 7, mode="video", note="EVALUATION OF AE"),
        )
    )
    yes: dict[str, Any] = {"SVPRESP": "Y", "SVOCCUR": "Y", "SVCNTMOD": "IN PERSON"}

    def on(day: str, number: int) -> dict[str, Any]:
        return {"SVSTDTC": day, "SVENDTC": day, "SVSTDY": number, "SVENDY": number}

    assert found == [
        {"VISITNUM": 1, "VISIT": "SCREEN", **yes, **on("2020-02-13", -6)},
        {"VISITNUM": 2, "VISIT": "DAY1", **yes, "VISITDY": 1, **on("2020-02-19", 1)},
        {"VISITNUM": 3, "VISIT": "WEEK1", **yes, "VISITDY": 8, **on("2020-02-25", 7)},
        {
            "VISITNUM": 4,
            "VISIT": "WEEK2",
            "SVPRESP": "Y",
            "SVOCCUR": "N",
            "SVREASOC": "CLINIC CLOSED DUE TO BAD WEATHER",
            "VISITDY": 15,
        },
        {
            "VISITNUM": 4.01,
            "VISIT": "UNS1",
            "SVCNTMOD": "REMOTE AUDIO VIDEO",
            **on("2020-03-07", 18),
            "SVUPDES": "EVALUATION OF AE",
        },
    ]


def test_study_days_are_empty_before_there_is_a_reference_start() -> None:
    """SDTMIG 3.4, 5.5, example 1, row 1: a screen failure has no RFSTDTC; nor has who was not given the first dose."""
    screened = came("SCREEN", 2020, 2, 13)
    booked = VisitRecord("DAY1", booked=ZERO)
    withheld = came("DAY1", 2020, 2, 19, outcome="withheld")
    month = came("DAY1", 2020, 2)
    for first in ([], [booked], [withheld], [month], [VisitRecord("DAY1", outcome="missed")]):
        subject = person(screened, *first)
        assert reference_start(report(subject)) is None
        assert all("SVSTDY" not in row and "SVENDY" not in row for row in rows(subject))
    assert reference_start(report(person(withheld, came("DAY1", 2020, 2, 21)))) == date(2020, 2, 21)


@pytest.mark.parametrize(
    ("day", "number"),
    [
        (date(2020, 2, 18), -1),
        (date(2020, 2, 19), 1),
        (date(2020, 2, 20), 2),
        (PartialDate(2020, 2), None),
        (None, None),
    ],
)
def test_there_is_no_study_day_zero(day: date | PartialDate | None, number: int | None) -> None:
    """SDTMIG 3.4, 4.4.4; a partly known date has no study day, nor has any before the reference start is known."""
    assert study_day_of(day, ZERO) == number
    assert study_day_of(day, None) is None


def test_partly_known_dates_have_reduced_precision() -> None:
    """SDTMIG 3.4, 4.4.2: "2020-02" and "2020"; their study days are empty."""
    found = rows(person(came("SCREEN", 2020, 2), came("DAY1", 2020, 2, 19), came("WEEK1", 2020)))
    assert [(row["SVSTDTC"], row["SVENDTC"], row.get("SVSTDY")) for row in found] == [
        ("2020-02", "2020-02", None),
        ("2020-02-19", "2020-02-19", 1),
        ("2020", "2020", None),
    ]


def test_only_what_is_known_has_a_row() -> None:
    """Open and lapsed visits have none: nobody has said whether they happened; the lapsed ones are told."""
    made = datasets([report(person(came("DAY1", 2020, 2, 19), VisitRecord("WEEK1", booked=ZERO)), as_of=ZERO)])
    assert [row["VISIT"] for row in made.sv.records()] == ["DAY1"]
    assert told(made) == ()
    assert told(datasets([report(person())])) == ()  # without a window nothing lapses
    windows = Protocol("p", "1", "D0", [Visit("D0", "on-site", numbering=Numbering(1)), *windowed()])
    lapsed = datasets([report(person(), windows)])
    assert lapsed.sv.rows == ()
    booked = datasets([report(person(VisitRecord("V2", booked=ZERO)), windows)])
    assert (booked.sv.rows, booked.notes) == ((), lapsed.notes)
    (note,) = told(lapsed)
    assert note.startswith("SV has no row for lapsed visits, of which nobody has said whether they happened: V2 of 101")
    assert note.endswith(", V6 of 101 and 1 more")


def windowed() -> list[Visit]:
    """Return six visits with windows of a day."""
    timings = [Timing(f"{n} days after D0", window="±0 days") for n in range(2, 8)]
    return [Visit(f"V{n}", "phone", t, numbering=Numbering(n)) for n, t in enumerate(timings, start=2)]


def test_a_withheld_treatment_was_a_visit() -> None:
    """The subject came: SVOCCUR is Y."""
    (row,) = rows(person(came("DAY1", 2020, 2, 19, outcome="withheld")))
    assert (row["SVPRESP"], row["SVOCCUR"], row["SVSTDTC"]) == ("Y", "Y", "2020-02-19")


def test_the_note_of_a_visit_that_happened_is_no_reason() -> None:
    """SVREASOC is why a visit did not occur, SVUPDES is of unplanned ones; a blank note is none."""
    (row,) = rows(person(came("DAY1", 2020, 2, 19, note="came with her son")))
    assert {"SVREASOC", "SVUPDES"} & row.keys() == set()
    (row,) = rows(person(VisitRecord("DAY1", outcome="missed", note=" \n")))
    assert "SVREASOC" not in row


def test_a_lone_period_is_no_reason() -> None:
    """A period alone is how SAS shows what is missing (CORE-000890); one behind words stays."""
    lone, words = (rows(person(VisitRecord("DAY1", outcome="missed", note=note)))[0] for note in (" .\n", "ill."))
    assert "SVREASOC" not in lone
    assert words["SVREASOC"] == "ill."


def test_a_mode_that_nobody_recorded_is_empty() -> None:
    """The planned mode is no fact; home is in person, phone a telephone call."""
    modes = [None, "home", "phone", "video", "on-site"]
    codes = ["DAY1", "WEEK1", "WEEK2", "WEEK4", "WEEK6"]
    found = rows(person(*(came(code, 2020, 3, 1, mode=mode) for code, mode in zip(codes, modes, strict=True))))
    assert [row.get("SVCNTMOD") for row in found] == [
        None,
        "IN PERSON",
        "TELEPHONE CALL",
        "REMOTE AUDIO VIDEO",
        "IN PERSON",
    ]


def test_no_rows_for_planned_visits_after_the_final_disposition() -> None:
    """SDTMIG 3.4, 5.5, assumptions 3 and 16; what was attended stays, as does what was missed before."""
    last = date(2020, 3, 4)  # the planned day of WEEK2
    subject = person(
        came("DAY1", 2020, 2, 19),
        VisitRecord("WEEK1", outcome="missed"),
        VisitRecord("WEEK2", outcome="missed"),
        VisitRecord("WEEK4", outcome="missed"),
        came("WEEK8", 2020, 4, 15),
        came("UNS1", 2020, 3, 5),
        ended=last,
        end_reason="withdrawn",
    )
    made = datasets([report(subject)])
    assert [(row["VISIT"], row["SVOCCUR"]) for row in made.sv.records()] == [
        ("DAY1", "Y"),
        ("WEEK1", "N"),
        ("WEEK2", "N"),
        ("UNS1", None),
        ("WEEK8", "Y"),
    ]
    assert told(made) == ("SV has no row for visits recorded as missed after participation had ended: WEEK4 of 101",)


def test_a_visit_that_is_not_expected_has_no_row_also_when_it_was_recorded_as_missed() -> None:
    """As `check` has it: the windows of V2 and V3 were to close after the death on day 28, V2's target is that day."""
    visits = [Visit("V1", "on-site", Timing(window="±0 days"), numbering=Numbering(1))]
    for number in (2, 3):
        when = f"{28 * (number - 1)} days after V1"
        visits.append(Visit(f"V{number}", "on-site", Timing(when, window="±3 days"), numbering=Numbering(number)))
    subject = person(
        came("V1", 2020, 2, 19),
        VisitRecord("V2", outcome="missed"),
        VisitRecord("V3", outcome="missed"),
        VisitRecord("V3", booked=date(2020, 4, 15)),
        ended=date(2020, 3, 18),
        end_reason="death",
    )
    made = datasets([report(subject, Protocol("ae", "1", "V1", visits))])
    assert [(row["VISIT"], row["SVOCCUR"]) for row in made.sv.records()] == [("V1", "Y")]
    assert told(made) == ("SV has no row for visits recorded as missed after participation had ended: V2 of 101",)


def test_of_two_records_of_one_day_the_one_in_the_planned_mode_is_the_planned_visit() -> None:
    """Planned on site, given by phone and on site in either order: the call is the contact besides."""
    records = (came("DAY1", 2020, 2, 19, mode="phone"), came("DAY1", 2020, 2, 19, mode="on-site"))
    for order in (records, records[::-1]):
        found = [(row["VISITNUM"], row.get("SVPRESP"), row["SVCNTMOD"]) for row in rows(person(*order))]
        assert found == [(2, "Y", "IN PERSON"), (2.01, None, "TELEPHONE CALL")]


def test_what_was_attended_besides_a_planned_visit_is_unplanned() -> None:
    """SDTMIG 3.4, 5.5, assumption 2: one row for a VISITNUM; the second contact has another, and no planned VISIT."""
    subject = person(
        came("DAY1", 2020, 2, 19, outcome="withheld", note=" fever "),
        came("DAY1", 2020, 2, 21),
        came("DAY1", 2020, 2, 22, mode="phone", note="asked how she feels"),
        VisitRecord("DAY1", booked=ZERO),
        VisitRecord("DAY1", outcome="missed"),
    )
    found = rows(subject)
    assert [(row["VISITNUM"], row.get("VISIT"), row["SVSTDTC"], row.get("SVUPDES")) for row in found] == [
        (1.01, None, "2020-02-19", "Recorded as DAY1. Treatment withheld. fever"),
        (2, "DAY1", "2020-02-21", None),
        (2.01, None, "2020-02-22", "Recorded as DAY1. asked how she feels"),
    ]
    assert all("VISITDY" not in row and "SVPRESP" not in row for row in found if "VISIT" not in row)


def test_records_that_are_equal_are_two_contacts() -> None:
    """One stands for the planned visit, the other beside it."""
    twice = [came("DAY1", 2020, 2, 19)] * 2
    assert [row["VISITNUM"] for row in rows(person(*twice))] == [2, 2.01]


def test_codes_that_nobody_declared_are_told() -> None:
    """They have a row all the same; declared ones, and visits of another arm, are no question."""
    two = Protocol(
        "p",
        "1",
        "D0",
        [
            Visit("D0", "on-site", numbering=Numbering(1)),
            Visit("A1", "on-site", "7 days after D0", arms=["A"], numbering=Numbering(2)),
            Visit("B1", "on-site", "7 days after D0", arms=["B"], numbering=Numbering(3)),
        ],
        arms=["A", "B"],
        unscheduled=["UNS*"],
    )
    subject = person(
        came("A1", 2020, 2, 26), came("B1", 2020, 2, 27), came("uns7", 2020, 2, 28), came("X", 2020, 2, 29), arm="A"
    )
    made = datasets([report(subject, two)])
    assert [(row["VISITNUM"], row["VISIT"], row["SVUPDES"]) for row in made.sv.records()] == [
        (2, "A1", None),
        (2.01, None, "Recorded as B1"),
        (2.02, "uns7", None),
        (2.03, "X", None),
    ]
    assert told(made) == ("SV has unplanned rows for codes that the protocol does not have: X of 101",)


def test_codes_that_nobody_knows_are_named_in_one_order() -> None:
    """By their letters, whatever the order of the records."""
    contacts = [came("Y", 2020, 2, 28), came("X", 2020, 2, 29)]
    for records in (contacts, contacts[::-1]):
        made = datasets([report(person(*records))])
        assert told(made)[-1].endswith("that the protocol does not have: X of 101, Y of 101")


def test_unscheduled_contacts_that_did_not_happen_have_no_row() -> None:
    """Booked or missed, they are no contact."""
    assert rows(person(VisitRecord("UNS1", booked=ZERO), VisitRecord("UNS2", outcome="missed"))) == []


def numbers(*records: VisitRecord, **facts: Any) -> list[Any]:  # noqa: ANN401 - fields of a subject
    """Return the VISITNUM of the unplanned rows of the guide's protocol."""
    return [row["VISITNUM"] for row in rows(person(*records, **facts)) if "SVPRESP" not in row]


def test_a_contact_is_numbered_after_the_last_planned_visit_of_its_day() -> None:
    """Held or due by then: attended days count, else targets; what is not expected any more does not."""
    zero = came("DAY1", 2020, 2, 19)
    assert numbers(zero, came("UNS1", 2020, 2, 1)) == [0.01]  # before SCREEN, due on 12 February
    assert numbers(zero, came("UNS1", 2020, 2, 12)) == [1.01]
    assert numbers(zero, came("UNS1", 2020, 2, 25)) == [2.01]  # the day before WEEK1
    assert numbers(zero, came("UNS1", 2020, 2, 26)) == [3.01]
    assert numbers(zero, came("WEEK1", 2020, 2, 28), came("UNS1", 2020, 2, 26)) == [2.01]
    assert numbers(zero, came("WEEK4", 2020, 2, 24), came("UNS1", 2020, 2, 25)) == [5.01]
    assert numbers(zero, came("UNS1", 2020, 3)) == [3.01]  # as early as it may have been
    assert numbers(zero, came("WEEK1", 2020, 2), came("UNS1", 2020, 2, 1)) == [3.01]
    assert numbers(zero, came("UNS1", 2021, 1, 1)) == [8.01]
    assert numbers(zero, came("UNS1", 2020, 3, 20), ended=date(2020, 2, 27)) == [3.01]


def test_contacts_are_numbered_by_day_whatever_their_order() -> None:
    """On one day by code; a hundred of them in steps of 0.001."""
    contacts = [came("UNS2", 2020, 3, 1), came("UNS1", 2020, 3, 1), came("UNS3", 2020, 2, 28)]
    for order in (contacts, contacts[::-1]):
        found = rows(person(*order))
        assert [(row["VISITNUM"], row["VISIT"]) for row in found] == [(3.01, "UNS3"), (3.02, "UNS1"), (3.03, "UNS2")]
    many = numbers(*(came(f"UNS{n}", 2020, 3, 1) for n in range(99)))
    assert (many[0], many[-1]) == (3.01, 3.99)
    more = numbers(*(came(f"UNS{n}", 2020, 3, 1) for n in range(100)))
    assert (more[0], more[-1]) == (3.001, 3.1)


def test_numbers_of_contacts_stay_below_the_next_planned_one() -> None:
    """Between 10 and 10.02 there is room for 10.01; between 10 and 10.01 for 10.001; below 0 for -1.99."""

    def between(*given: float) -> list[Any]:
        visits = [Visit(f"V{n}", "phone", f"{n} days after D0", numbering=Numbering(x)) for n, x in enumerate(given, 1)]
        known = Protocol("p", "1", "D0", [Visit("D0", "on-site", numbering=Numbering(50)), *visits], unscheduled=["U"])
        found = rows(person(came("U", 2020, 2, 20), came("U", 2020, 1, 1)), known)
        return [row["VISITNUM"] for row in found]

    assert between(10, 10.02) == [0.01, 50.01]
    first = Protocol(
        "p",
        "1",
        "D0",
        [
            Visit("D0", "on-site", numbering=Numbering(10)),
            Visit("V1", "phone", "9 days after D0", numbering=Numbering(10.02)),
        ],
        unscheduled=["U"],
    )
    assert [row["VISITNUM"] for row in rows(person(came("U", 2020, 2, 20)), first)] == [10.01]
    assert [row["VISITNUM"] for row in rows(person(*[came("U", 2020, 2, 20)] * 2), first)] == [10.001, 10.002]
    assert between(-0.5, 0) == [-1.99, 50.01]
    assert between(0, 3) == [-0.99, 50.01]
    assert between(0.005, 3) == [0.001, 50.01]


def test_visitdy_and_number_are_those_of_tv() -> None:
    """Of the version in force on the day, also for a visit that another version judges (SDTMIG 3.4, 4.4.5)."""
    one = Protocol(
        "p",
        "1",
        "D0",
        [
            Visit("D0", "on-site", numbering=Numbering(1, 1)),
            Visit("V1", "on-site", "7 days after D0", numbering=Numbering(2, 8)),
        ],
        meta=Meta(in_force=date(2020, 1, 1)),
    )
    two = Protocol(
        "p",
        "2",
        "D0",
        [
            Visit("D0", "on-site", numbering=Numbering(1, 1)),
            Visit("V1", "on-site", "14 days after D0", numbering=Numbering(5, 15)),
        ],
        meta=Meta(in_force=date(2020, 6, 1)),
    )
    subject = person(came("D0", 2020, 2, 19), came("V1", 2020, 2, 26))
    assert [(row["VISITNUM"], row["VISITDY"]) for row in rows(subject, one, two)] == [(1, 1), (5, 15)]
    assert [(row["VISITNUM"], row["VISITDY"]) for row in rows(subject, one, two, as_of=ZERO)] == [(1, 1), (2, 8)]


def test_facts_after_the_day_count() -> None:
    """`as_of` moves statuses only (design 7)."""
    assert [row["VISIT"] for row in rows(person(came("WEEK8", 2020, 4, 15)), as_of=ZERO)] == ["WEEK8"]


def test_a_list_in_words_is_short() -> None:
    """Five, and how many more."""
    assert some("abc") == "a, b, c"
    assert some("abcde") == "a, b, c, d, e"
    assert some("abcdefg") == "a, b, c, d, e and 2 more"


def dosed() -> Protocol:
    """Return a trial that is placed from its randomisation and counted from its first dose."""
    visits = [
        Visit("RAND", "on-site", numbering=Numbering(1)),
        Visit("DOSE1", "on-site", "3 days after RAND", numbering=Numbering(2, 1)),
        Visit("W4", "on-site", Timing("28 days after DOSE1", window="±3 days"), numbering=Numbering(3, 29)),
    ]
    return Protocol("rf", "1", "RAND", visits, unscheduled=["UNS*"], study_days_from="DOSE1")


@pytest.mark.parametrize(
    ("dose", "days"),
    [
        # SDTMIG 3.4, 4.4.4: (date - RFSTDTC) + 1 on or after RFSTDTC, date - RFSTDTC before it
        ([came("DOSE1", 2026, 1, 18)], {"RAND": -3, "DOSE1": 1, "W4": 34}),
        ([came("DOSE1", 2026, 1, 19), came("DOSE1", 2026, 1, 18)], {"RAND": -3, "DOSE1": 1, "W4": 34}),
        # withheld on the 18th, given on the 19th
        (
            [came("DOSE1", 2026, 1, 18, outcome="withheld"), came("DOSE1", 2026, 1, 19)],
            {"RAND": -4, "DOSE1": 1, "W4": 33},
        ),
        # no RFSTDTC: only partly known, withheld, booked, missed, nothing
        ([came("DOSE1", 2026, 1)], {}),
        ([came("DOSE1", 2026, 1, 18, outcome="withheld")], {}),
        ([VisitRecord("DOSE1", booked=date(2026, 1, 18))], {}),
        ([VisitRecord("DOSE1", outcome="missed")], {}),
        ([], {}),
    ],
)
def test_study_days_count_from_rfstdtc_of_the_visit_that_the_protocol_names(
    dose: list[VisitRecord], days: dict[str, int]
) -> None:
    """RFSTDTC is the first dose, not the randomisation from which the visits are placed: -3, 1, 34."""
    subject = person(came("RAND", 2026, 1, 15), *dose, came("W4", 2026, 2, 20))
    subject = replace(subject, baseline=date(2026, 1, 15))
    found = {row["VISIT"]: row for row in rows(subject, dosed(), as_of=date(2026, 3, 1)) if "SVPRESP" in row}
    assert {code: row["SVSTDY"] for code, row in found.items() if "SVSTDY" in row} == days
    assert {code: row["SVENDY"] for code, row in found.items() if "SVENDY" in row} == days


def test_the_notes_name_the_visit_whose_date_is_rfstdtc() -> None:
    """DM is the sponsor's: its RFSTDTC has to be the same day; by the anchor nothing is said."""
    subject = replace(person(came("RAND", 2026, 1, 15)), baseline=date(2026, 1, 15))
    told = datasets([report(subject, dosed())]).notes
    assert "study days count from DOSE1: RFSTDTC of DM must be the day on which it was attended" in told
    assert not any("RFSTDTC" in note for note in datasets([report(person(came("DAY1", 2020, 2, 19)))]).notes)


def test_the_version_in_force_says_which_visit_study_days_count_from() -> None:
    """Version 2 counts from the first dose and is in force from 1 March on; before that the anchor was day 1."""
    first = replace(dosed(), study_days_from=None)
    second = replace(dosed(), version="2", meta=Meta(in_force=date(2026, 3, 1)))
    subject = replace(person(came("RAND", 2026, 1, 15), came("DOSE1", 2026, 1, 18)), baseline=date(2026, 1, 15))
    days = [
        [row["SVSTDY"] for row in rows(subject, first, second, as_of=day)]
        for day in (date(2026, 2, 28), date(2026, 3, 1))
    ]
    assert days == [[1, 4], [-3, 1]]
