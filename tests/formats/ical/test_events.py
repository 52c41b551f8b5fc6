"""What events say to each reader, written by hand line by line; their dates, places, alarms and windows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats import ical
from trialsched.formats.ical import Style
from trialsched.formats.ical.events import Event, _described, _staff_description, _state, events, reader, told
from trialsched.formats.ical.words import language

ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CONTACT = ts.Contact("Oddział Dzienny", "ul. Długa 1\n00-001 Warszawa", (52.2297, 21.0122), "+48 22 123 45 67")
CLINIC = ts.Clinic("Europe/Warsaw", None, CONTACT, {"DOSE2": "4 hours", "phone": "15 minutes"})
BARE = ts.Clinic("Europe/Warsaw")
NINE = time(9, 30)
APRIL_2 = date(2026, 4, 2)
STAFF, BLIND, PARTICIPANT = Style(), Style("blind"), Style("participant")


def written(plan: ts.Plan, style: Style = STAFF, clinic: ts.Clinic | None = None, **keywords: Any) -> list[Event]:  # noqa: ANN401
    """Return the events of a plan under the study key 'k'."""
    return events(plan, "k", reader(plan, style, clinic, **keywords))


def one(
    subject: ts.Subject, style: Style = STAFF, clinic: ts.Clinic | None = BARE, code: str = "DOSE2", role: str = "visit"
) -> Event:
    """Return one event of the bundled protocol."""
    name = ical.uid("k", subject.code, code, role)
    (found,) = (event for event in written(ts.schedule(ALSTEM, subject), style, clinic) if event.uid == name)
    return found


# DOSE2: 30 days after 2 March 2026 (a Monday) is Wednesday 1 April, a week around it 25 March to 8 April.
STAFF_EN = """
Target: Wednesday 2026-04-01
Window: from Wednesday 2026-03-25 to Wednesday 2026-04-08, both included (±7 days)
Protocol day: 30
Mode: on site
Why: DOSE2 is 30 days after DOSE1 (baseline 2026-03-02): 2026-04-01; window ±7 days: 2026-03-25 to 2026-04-08."""
STAFF_PL = """
Termin docelowy: 2026-04-01 (środa)
Okno: od 2026-03-25 (środa) do 2026-04-08 (środa), oba dni włącznie (±7 dni)
Dzień według protokołu: 30
Forma: wizyta w ośrodku
Uzasadnienie: DOSE2 przypada 30 dni po DOSE1 (data wyjściowa 2026-03-02): 2026-04-01; \
okno ±7 dni: od 2026-03-25 do 2026-04-08."""
POSSIBLE_EN = "\nPossible from Wednesday 25 March 2026 to Wednesday 8 April 2026, both included"
POSSIBLE_PL = "\nMożliwe dni: od 25 marca 2026 r. (środa) do 8 kwietnia 2026 r. (środa), oba dni włącznie"


def twice(subject: ts.Subject) -> ts.Subject:
    """Withheld on 2 April, and agreed again for Friday 10 April with a time."""
    return subject.withheld("DOSE2", APRIL_2).booked("DOSE2", date(2026, 4, 10), NINE)


def booked_and_withheld(subject: ts.Subject) -> ts.Subject:
    """Booked for 1 April, came on the 2nd, and nothing given: one record, no new appointment."""
    return subject.booked("DOSE2", date(2026, 4, 1)).withheld("DOSE2", APRIL_2)


# make, status, first line for staff in English and Polish, for participants in English and Polish
STATES: dict[str, tuple[Callable[[ts.Subject], ts.Subject], str, str, str, str, str]] = {
    "projected": (
        lambda s: s,
        "TENTATIVE",
        "Projected, not booked",
        "Termin wyliczony, jeszcze nieumówiony",
        "Please come to us\nPlanned for Wednesday 1 April 2026; the day is not agreed yet" + POSSIBLE_EN,
        "Zapraszamy do nas\nPlanowany termin: 1 kwietnia 2026 r. (środa); nie został jeszcze umówiony" + POSSIBLE_PL,
    ),
    "booked": (
        lambda s: s.booked("DOSE2", APRIL_2),
        "CONFIRMED",
        "Booked for Thursday 2026-04-02",
        "Umówiona na 2026-04-02 (czwartek)",
        "Please come to us\nAgreed for Thursday 2 April 2026",
        "Zapraszamy do nas\nUmówiony termin: 2 kwietnia 2026 r. (czwartek)",
    ),
    "booked with a time": (
        lambda s: s.booked("DOSE2", APRIL_2, NINE),
        "CONFIRMED",
        "Booked for Thursday 2026-04-02 at 09:30",
        "Umówiona na 2026-04-02 (czwartek), godz. 09:30",
        "Please come to us\nAgreed for Thursday 2 April 2026 at 09:30",
        "Zapraszamy do nas\nUmówiony termin: 2 kwietnia 2026 r. (czwartek), godz. 09:30",
    ),
    "attended": (
        lambda s: s.booked("DOSE2", APRIL_2, NINE).attended("DOSE2", date(2026, 4, 3)),
        "CONFIRMED",
        "Attended on Friday 2026-04-03",
        "Odbyła się w dniu 2026-04-03 (piątek)",
        "Took place on Friday 3 April 2026",
        "Wizyta odbyła się 3 kwietnia 2026 r. (piątek)",
    ),
    "partly attended": (
        lambda s: s.attended("DOSE2", ts.PartialDate(2026, 4)),
        "CONFIRMED",
        "Attended: 2026-04, the day is not known",
        "Odbyła się: 2026-04, dzień nieznany",
        "Took place",
        "Wizyta odbyła się",
    ),
    "withheld": (
        lambda s: s.withheld("DOSE2", APRIL_2),
        "CONFIRMED",
        "Withheld on Thursday 2026-04-02",
        "Wstrzymano podanie w dniu 2026-04-02 (czwartek)",
        "Took place on Thursday 2 April 2026",
        "Wizyta odbyła się 2 kwietnia 2026 r. (czwartek)",
    ),
    "withheld on another day than booked": (
        booked_and_withheld,
        "CONFIRMED",
        "Withheld on Thursday 2026-04-02",
        "Wstrzymano podanie w dniu 2026-04-02 (czwartek)",
        "Took place on Thursday 2 April 2026",
        "Wizyta odbyła się 2 kwietnia 2026 r. (czwartek)",
    ),
    "withheld partly known": (
        lambda s: s.withheld("DOSE2", ts.PartialDate(2026)),
        "CONFIRMED",
        "Withheld: 2026, the day is not known",
        "Wstrzymano podanie: 2026, dzień nieznany",
        "Took place",
        "Wizyta odbyła się",
    ),
    "withheld and booked again": (
        lambda s: s.withheld("DOSE2", APRIL_2).booked("DOSE2", date(2026, 4, 10)),
        "CONFIRMED",
        "Withheld on Thursday 2026-04-02; booked again for Friday 2026-04-10",
        "Wstrzymano podanie w dniu 2026-04-02 (czwartek); nowy umówiony termin: 2026-04-10 (piątek)",
        "Took place on Thursday 2 April 2026\nAgreed again for Friday 10 April 2026",
        "Wizyta odbyła się 2 kwietnia 2026 r. (czwartek)\nNowy umówiony termin: 10 kwietnia 2026 r. (piątek)",
    ),
    "withheld and booked again with a time": (
        twice,
        "CONFIRMED",
        "Withheld on Thursday 2026-04-02; booked again for Friday 2026-04-10 at 09:30",
        "Wstrzymano podanie w dniu 2026-04-02 (czwartek); nowy umówiony termin: 2026-04-10 (piątek), godz. 09:30",
        "Took place on Thursday 2 April 2026\nAgreed again for Friday 10 April 2026 at 09:30",
        (
            "Wizyta odbyła się 2 kwietnia 2026 r. (czwartek)\n"
            "Nowy umówiony termin: 10 kwietnia 2026 r. (piątek), godz. 09:30"
        ),
    ),
    "missed and still open when participation ended": (
        lambda s: s.missed("DOSE2").end(date(2026, 4, 7)),
        "CANCELLED",
        "Called off: participation ended on Tuesday 2026-04-07",
        "Odwołana: udział zakończono w dniu 2026-04-07 (wtorek)",
        "This visit is called off",
        "Ta wizyta jest odwołana",
    ),
    "called off": (
        lambda s: s.end(date(2026, 4, 7), "withdrawn"),
        "CANCELLED",
        "Called off: participation ended on Tuesday 2026-04-07",
        "Odwołana: udział zakończono w dniu 2026-04-07 (wtorek)",
        "This visit is called off",
        "Ta wizyta jest odwołana",
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_what_each_reader_is_told_line_by_line(state: str) -> None:
    """Every state of a visit for staff, for blinded staff and for the participant, in English and in Polish."""
    make, status, staff_en, staff_pl, participant_en, participant_pl = STATES[state]
    cancelled = status == "CANCELLED"
    for audience in ("staff", "blind"):
        for tag, first, rest, word in (
            ("en", staff_en, STAFF_EN, "CANCELLED "),
            ("pl", staff_pl, STAFF_PL, "ODWOŁANA "),
        ):
            event = one(make(SUBJECT), Style(audience, language=tag))
            assert event.description == first + rest
            assert event.summary == (word if cancelled else "") + "P01-007 DOSE2"
            assert (event.status, event.audience) == (status, audience)
    for tag, said, title in (
        ("en", participant_en, "CANCELLED Visit 5 of 17" if cancelled else "Visit 5 of 17"),
        ("pl", participant_pl, "ODWOŁANA Wizyta 5 z 17" if cancelled else "Wizyta 5 z 17"),
    ):
        event = one(make(SUBJECT), Style("participant", language=tag))
        assert event.description == said
        assert event.summary == title
        assert (event.status, event.audience) == (status, "participant")


MISSED = (
    SUBJECT.missed("DOSE2"),
    SUBJECT.booked("DOSE2", APRIL_2, NINE).missed("DOSE2"),
    SUBJECT.missed("DOSE2").end(date(2026, 4, 8)),  # the last day of its window
)


@pytest.mark.parametrize("audience", ["staff", "blind"])
def test_what_staff_are_told_of_a_missed_visit(audience: Any) -> None:  # noqa: ANN401
    """Cancelled, and that it was recorded so, whether it was booked or not; also when participation ended later."""
    for subject in MISSED:
        for tag, first, rest, word in (
            ("en", "Recorded as missed", STAFF_EN, "CANCELLED "),
            ("pl", "Odnotowano, że wizyta się nie odbyła", STAFF_PL, "ODWOŁANA "),
        ):
            event = one(subject, Style(audience, language=tag))
            assert (event.description, event.summary) == (first + rest, f"{word}P01-007 DOSE2")
            assert (event.status, event.transparent, event.stays) == ("CANCELLED", True, False)
            assert not event.new


def test_a_participants_event_of_a_missed_visit_stays_as_it_was() -> None:
    """Nobody calls off what is past; an event that was never given out is none."""
    for subject in MISSED:
        for role in ("visit", "window"):
            style = Style("participant", windows=True, alarms="1d")
            event = one(subject, style, role=role)
            assert (event.stays, event.new, event.transparent, event.triggers) == (True, False, True, ())
            assert event.status != "CANCELLED"
    for subject in (
        SUBJECT,
        SUBJECT.attended("DOSE2", APRIL_2),
        SUBJECT.missed("DOSE2").end(date(2026, 4, 7)),
        SUBJECT.missed("DOSE2").with_record(ts.VisitRecord("DOSE2", booked=APRIL_2)),
    ):
        assert not one(subject, PARTICIPANT).stays


def test_a_phone_visit_in_full() -> None:
    """Month 4, a phone call: Thursday 2 July 2026, its window assumed and not from the protocol."""
    staff = one(SUBJECT, Style(language="pl"), CLINIC, "M04")
    assert staff.summary == "P01-007 M04"
    assert staff.description.split("\n") == [
        "Termin wyliczony, jeszcze nieumówiony",
        "Termin docelowy: 2026-07-02 (czwartek)",
        "Okno: od 2026-06-25 (czwartek) do 2026-07-09 (czwartek), oba dni włącznie (±7 dni; przyjęte, nie z protokołu)",
        "Dzień według protokołu: 122",
        "Forma: rozmowa telefoniczna",
        (
            "Uzasadnienie: M04 przypada 4 miesiące po DOSE1 (data wyjściowa 2026-03-02): 2026-07-02; "
            "okno przyjęte, nie z protokołu, ±7 dni: od 2026-06-25 do 2026-07-09."
        ),
    ]
    english = one(SUBJECT, PARTICIPANT, CLINIC, "M04")
    assert english.summary == "Visit 8 of 17: we will phone you"
    assert english.description.split("\n") == [
        "We will phone you",
        "Planned for Thursday 2 July 2026; the day is not agreed yet",
        "Possible from Thursday 25 June 2026 to Thursday 9 July 2026, both included",
    ]
    polish = one(SUBJECT.booked("M04", date(2026, 7, 3), NINE), Style("participant", language="pl"), CLINIC, "M04")
    assert polish.summary == "Wizyta 8 z 17: zadzwonimy do Pani/Pana"
    assert polish.description.split("\n") == [
        "Zadzwonimy do Pani/Pana",
        "Umówiony termin: 3 lipca 2026 r. (piątek), godz. 09:30",
    ]
    assert (staff.transparent, polish.transparent) == (True, False)


ARM_B = ts.Subject("S", baseline=date(2026, 1, 1), arm="B")


@pytest.mark.parametrize(
    ("code", "mode", "english", "polish"),
    [
        (
            "M06",
            ("by video", "wideorozmowa"),
            ("Visit 7 of 8: we will call you by video", "We will call you by video"),
            ("Wizyta 7 z 8: połączymy się z Panią/Panem przez wideo", "Połączymy się z Panią/Panem przez wideo"),
        ),
        (
            "SAFE",
            ("at home", "wizyta domowa"),
            ("Visit 6 of 8: we will come to you", "We will come to you"),
            ("Wizyta 6 z 8: przyjedziemy do Pani/Pana do domu", "Przyjedziemy do Pani/Pana do domu"),
        ),
    ],
)
def test_visits_by_video_and_at_home(
    code: str, mode: tuple[str, str], english: tuple[str, str], polish: tuple[str, str]
) -> None:
    """How a visit is held, for staff and in the title and first line for participants."""
    plan = ts.schedule(CYCLES, ARM_B)
    for tag, said, own in (("en", english, mode[0]), ("pl", polish, mode[1])):
        event = next(e for e in written(plan, Style("participant", language=tag), CLINIC) if e.visit == code)
        assert (event.summary, event.description.partition("\n")[0]) == said
        assert (event.location, event.geo, event.tel) == ("", None, "")
        staff = next(e for e in written(plan, Style(language=tag), CLINIC) if e.visit == code)
        assert f": {own}" in staff.description.split("\n")[4]


def test_no_instruction_is_left_once_a_visit_is_past_or_called_off() -> None:
    """'We will phone you' is said of what is to come only."""
    for subject in (SUBJECT.attended("M04", date(2026, 7, 2)), SUBJECT.end(date(2026, 7, 1))):
        event = one(subject, PARTICIPANT, CLINIC, "M04")
        assert event.summary.removeprefix("CANCELLED ") == "Visit 8 of 17"
        assert "phone" not in event.description


def test_what_is_provisional_is_said_to_staff() -> None:
    """The last line, and in the reason; participants are told that the day is not agreed."""
    subject = replace(SUBJECT, baseline_status="provisional")
    english = one(subject).description.split("\n")
    assert english[-2].startswith("Why: DOSE2 is 30 days after DOSE1 (baseline 2026-03-02): 2026-04-01, provisional; ")
    assert english[-1] == "Provisional: rests on a date that is not fixed yet"
    polish = one(subject, Style(language="pl")).description.split("\n")
    assert polish[-1] == "Wstępnie: zależy od daty, która nie jest jeszcze ustalona"
    assert one(subject, PARTICIPANT).description == one(SUBJECT, PARTICIPANT).description


def test_windows_in_words_for_staff() -> None:
    """None stated, cut by limits, without a day left, in both languages; a participant is told no window then."""

    def line(plan: ts.Plan, code: str, tag: str) -> str:
        (event,) = (e for e in written(plan, Style(language=tag)) if e.visit == code)
        return event.description.split("\n")[2]

    registered = ts.schedule(ALSTEM.as_registered(), SUBJECT)
    assert line(registered, "M03", "en") == "Window: none stated"
    assert line(registered, "M03", "pl") == "Okno: nie określono"
    # SAFE: 2 weeks after INF3 (2 April) is 16 April; at most 10 days before M06, booked for 30 April: 20 April
    cut = ts.schedule(CYCLES, ARM_B.booked("M06", date(2026, 4, 30)))
    assert line(cut, "SAFE", "en") == (
        "Window: from Monday 2026-04-13 to Monday 2026-04-20, both included (-3/+10 days, cut by limits)"
    )
    assert line(cut, "SAFE", "pl") == (
        "Okno: od 2026-04-13 (poniedziałek) do 2026-04-20 (poniedziałek), oba dni włącznie "
        "(-3/+10 dni, skrócone przez ograniczenia)"
    )
    empty = ts.schedule(CYCLES, ARM_B.booked("M06", date(2026, 4, 22)))
    assert line(empty, "SAFE", "en") == "Window: -3/+10 days, of which limits leave no day"
    assert line(empty, "SAFE", "pl") == "Okno: -3/+10 dni, ale ograniczenia nie pozostawiają żadnego dnia"
    for plan, code in ((registered, "M03"), (empty, "SAFE")):
        (event,) = (e for e in written(plan, PARTICIPANT) if e.visit == code)
        assert event.description.count("\n") == 1
        assert "Possible" not in event.description


# Numbers.


def test_visits_are_numbered_by_their_target() -> None:
    """Not in the protocol's order; visits of one day are, and one called off keeps its number."""
    visits = [
        ts.Visit("D0", "on-site"),
        ts.Visit("LATE", "on-site", "10 days after D0"),
        ts.Visit("EARLY", "on-site", "5 days before D0"),
        ts.Visit("SAME", "on-site", "on D0"),
    ]
    protocol = ts.Protocol("numbers", "1", "D0", visits)
    plan = ts.schedule(protocol, ts.Subject("S", baseline=date(2026, 3, 2)).end(date(2026, 3, 1)))
    assert [event.summary for event in written(plan, PARTICIPANT)] == [
        "CANCELLED Visit 2 of 4",
        "CANCELLED Visit 4 of 4",
        "Visit 1 of 4",
        "CANCELLED Visit 3 of 4",
    ]


@given(strategies.plans())
def test_every_visit_has_its_own_number(plan: ts.Plan) -> None:
    """From 1 to the number of visits, each once, never falling while targets rise."""
    found = sorted(
        (row.target, int(event.summary.split("Visit ")[1].split(" of ")[0]))
        for row, event in zip(plan, written(plan, PARTICIPANT, BARE), strict=True)
    )
    assert [number for _, number in found] == list(range(1, len(plan) + 1))


# Windows as events.


def test_a_window_is_an_event_of_its_own() -> None:
    """All-day, transparent, from its first day to the day after its last, related to its visit and after it."""
    found = written(
        ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", APRIL_2, NINE)), Style(windows=True, alarms="1d"), CLINIC
    )
    assert len(found) == 34
    for visit, window in zip(found[::2], found[1::2], strict=True):
        assert (window.visit, window.related, visit.related) == (f"{visit.visit} window", visit.uid, "")
    window = next(event for event in found if event.uid == ical.uid("k", "P01-007", "DOSE2", "window"))
    assert window == Event(
        uid=ical.uid("k", "P01-007", "DOSE2", "window"),
        owner=found[0].owner,
        visit="DOSE2 window",
        start=date(2026, 3, 25),
        end=date(2026, 4, 9),
        summary="P01-007 DOSE2 window",
        description="Window: from Wednesday 2026-03-25 to Wednesday 2026-04-08, both included (±7 days)",
        status="CONFIRMED",
        transparent=True,
        related=ical.uid("k", "P01-007", "DOSE2"),
    )


def test_windows_for_participants() -> None:
    """Numbered as their visits, the days in words."""
    style = Style("participant", language="pl", windows=True)
    window = one(SUBJECT, style, role="window")
    assert window.summary == "Wizyta 5 z 17: możliwe dni"
    assert window.description == POSSIBLE_PL[1:]
    cancelled = one(SUBJECT.end(date(2026, 4, 7)), style, role="window")
    assert (cancelled.summary, cancelled.description) == (
        "ODWOŁANA Wizyta 5 z 17: możliwe dni",
        "Ta wizyta jest odwołana",
    )
    english = one(SUBJECT, Style("participant", windows=True), role="window")
    assert (english.summary, english.description) == ("Visit 5 of 17: possible days", POSSIBLE_EN[1:])


def test_a_window_is_called_off_with_its_visit() -> None:
    """CANCELLED, the word first in its title, still transparent."""
    window = one(SUBJECT.missed("DOSE2"), Style(windows=True), role="window")
    assert (window.status, window.transparent) == ("CANCELLED", True)
    assert window.summary == "CANCELLED P01-007 DOSE2 window"
    polish = one(SUBJECT.end(date(2026, 4, 7)), Style(windows=True, language="pl"), role="window")
    assert polish.summary == "ODWOŁANA P01-007 DOSE2 okno"
    long = one(replace(SUBJECT, code="\U0001f600" * 64).missed("DOSE2"), Style(windows=True), role="window")
    assert long.summary.startswith("CANCELLED \U0001f600")
    assert long.summary.endswith("\u2026 DOSE2 window")
    assert 250 < len(long.summary.encode()) <= 255


def test_a_window_cut_by_limits_says_so() -> None:
    """The words are those of the visit's own event."""
    plan = ts.schedule(CYCLES, ARM_B.booked("M06", date(2026, 4, 30)))
    found = [event for event in written(plan, Style(windows=True)) if event.visit.startswith("SAFE")]
    assert found[1].description == found[0].description.split("\n")[2]
    assert found[1].description.endswith("(-3/+10 days, cut by limits)")
    assert found[1].end == date(2026, 4, 21)


def test_no_window_no_event() -> None:
    """None stated, or none that limits leave; none of them unless asked for."""
    registered = ts.schedule(ALSTEM.as_registered(), SUBJECT)
    assert {e.visit for e in written(registered, Style(windows=True)) if e.related} == {
        f"DOSE{n} window" for n in (1, 2, 3)
    }
    empty = ts.schedule(CYCLES, ARM_B.booked("M06", date(2026, 4, 22)))
    assert "SAFE window" not in {e.visit for e in written(empty, Style(windows=True)) if e.related}
    assert not [e for e in written(ts.schedule(ALSTEM, SUBJECT)) if e.related]


def test_the_last_day_of_the_calendar_has_no_end() -> None:
    """A window that ends on 31 December 9999 has no day after it."""
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site", ts.Timing(window="-0/+1 days"))])
    plan = ts.schedule(protocol, ts.Subject("S", baseline=date(9999, 12, 30)))
    assert len(written(plan)) == 1
    with pytest.raises(ts.DateOutOfRangeError) as caught:
        written(plan, Style(windows=True))
    assert caught.value.where == "D0"


# Alarms.

RINGING = Style(alarms=("2d", "1d", "36h", "2h", "30min"))


@pytest.mark.parametrize(
    ("make", "triggers"),
    [
        (lambda s: s, ("-PT39H", "-PT15H")),
        (lambda s: s.booked("DOSE2", APRIL_2), ("-PT39H", "-PT15H")),
        (lambda s: s.booked("DOSE2", APRIL_2, NINE), ("-P2D", "-PT36H", "-P1D", "-PT2H", "-PT30M")),
        (lambda s: s.attended("DOSE2", APRIL_2), ()),
        (lambda s: s.attended("DOSE2", ts.PartialDate(2026, 4)), ()),
        (lambda s: s.withheld("DOSE2", APRIL_2), ()),
        (twice, ()),
        (lambda s: s.missed("DOSE2"), ()),
        (lambda s: s.booked("DOSE2", APRIL_2, NINE).missed("DOSE2"), ()),
        (lambda s: s.end(date(2026, 4, 7)), ()),
    ],
)
def test_alarms_ring_before_open_visits_only(
    make: Callable[[ts.Subject], ts.Subject], triggers: tuple[str, ...]
) -> None:
    """Hours need an hour of the visit; what is past or called off does not ring; nor does a window."""
    assert one(make(SUBJECT), RINGING).triggers == triggers
    assert one(make(SUBJECT)).triggers == ()
    assert one(make(SUBJECT), replace(RINGING, windows=True), role="window").triggers == ()


# Categories.


def test_categories_of_a_calendar_of_several_subjects() -> None:
    """The subject and the mode in words, of visits and of windows; a calendar of one subject has none."""
    plan = ts.schedule(ALSTEM, SUBJECT)
    for tag, words in (("en", ("on site", "by phone")), ("pl", ("wizyta w ośrodku", "rozmowa telefoniczna"))):
        found = written(plan, Style(language=tag, windows=True), combined=True)
        modes = dict(zip(("on-site", "phone"), words, strict=True))
        assert [e.categories for e in found] == [("P01-007", modes[row.mode]) for row in plan for _ in (0, 1)]
    assert {e.categories for e in written(plan, Style(windows=True))} == {()}


# Places.


def test_where_a_visit_is() -> None:
    """On site the clinic's name and address; a call shows the number that calls, for every reader."""
    for style in (STAFF, BLIND, PARTICIPANT):
        onsite, phone = one(SUBJECT, style, CLINIC), one(SUBJECT, style, CLINIC, "M04")
        assert onsite.location == "Oddział Dzienny, ul. Długa 1, 00-001 Warszawa"
        assert (onsite.geo, onsite.tel) == ((52.2297, 21.0122), "")
        assert (phone.location, phone.geo, phone.tel) == ("+48 22 123 45 67", None, "tel:+48221234567")
    window = one(SUBJECT, Style(windows=True), CLINIC, role="window")
    assert (window.location, window.geo, window.tel) == ("", None, "")


@pytest.mark.parametrize(
    ("contact", "onsite", "phone"),
    [
        (ts.Contact(), ("", None, ""), ("", None, "")),
        (ts.Contact("Clinic 3"), ("Clinic 3", None, ""), ("", None, "")),
        (ts.Contact(address="a \n\n b"), ("a, b", None, ""), ("", None, "")),
        (ts.Contact(geo=(1.5, -2.0)), ("", (1.5, -2.0), ""), ("", None, "")),
        (ts.Contact(phone="+1 (212) 555-0100"), ("", None, ""), ("+1 (212) 555-0100", None, "tel:+12125550100")),
    ],
)
def test_parts_of_a_contact(contact: ts.Contact, onsite: tuple[str, Any, str], phone: tuple[str, Any, str]) -> None:
    """What is not known is not written."""
    clinic = ts.Clinic("Europe/Warsaw", contact=contact)
    for code, expected in (("DOSE2", onsite), ("M04", phone)):
        event = one(SUBJECT, STAFF, clinic, code)
        assert (event.location, event.geo, event.tel) == expected


def test_without_a_clinic_no_place() -> None:
    """Nothing is guessed."""
    for event in written(ts.schedule(ALSTEM, SUBJECT)):
        assert (event.location, event.geo, event.tel, event.zone) == ("", None, "", "")


def test_the_lines_of_a_place() -> None:
    """As RFC 5545, section 3.8.1.6 and RFC 7986, section 5.11 write them."""
    data = ical.dumps(ts.schedule(ALSTEM, SUBJECT), stamp=STAMP, clinic=CLINIC)
    lines = data.decode().replace("\r\n ", "").split("\r\n")
    assert lines.count("LOCATION:Oddział Dzienny\\, ul. Długa 1\\, 00-001 Warszawa") == 10
    assert lines.count("GEO:52.2297;21.0122") == 10
    assert lines.count("LOCATION:+48 22 123 45 67") == 7
    assert lines.count("CONFERENCE;FEATURE=PHONE;VALUE=URI:tel:+48221234567") == 7


# The language.


@pytest.mark.parametrize(
    ("style", "subject", "clinic", "staff", "participant"),
    [
        (None, None, None, "en", "en"),
        (None, None, "pl", "pl", "pl"),
        (None, "pl", None, "en", "pl"),
        (None, "en", "pl", "pl", "en"),
        (None, "pl-PL", "en", "en", "pl"),
        (None, None, "pl-PL", "pl", "pl"),
        ("en", "pl", "pl", "en", "en"),
        ("pl", None, None, "pl", "pl"),
        ("PL", "en", "en", "pl", "pl"),
    ],
)
def test_whose_language(
    style: str | None, subject: str | None, clinic: str | None, staff: str, participant: str
) -> None:
    """The one asked for, else the participant's own in their calendar, else the clinic's, else English."""
    plan = ts.schedule(ALSTEM, replace(SUBJECT, language=subject))
    for audience, expected in (("staff", staff), ("blind", staff), ("participant", participant)):
        made = Style(audience, language=style)  # type: ignore[arg-type]
        assert reader(plan, made, ts.Clinic("UTC", clinic)).language.tag == expected
    assert reader(plan).language.tag == "en"


def test_a_language_without_words_is_refused_where_it_was_said() -> None:
    """Not written in another one in silence; one that is not asked for is not looked at."""
    plan = ts.schedule(ALSTEM, replace(SUBJECT, language="polish"))
    with pytest.raises(ts.InvalidValueError, match="read 'polish', expected") as caught:
        reader(plan, PARTICIPANT)
    assert caught.value.where == "subject.language"
    assert reader(plan).language.tag == "en"
    with pytest.raises(ts.InvalidValueError, match="read 'de-AT', expected") as caught:
        reader(plan, STAFF, ts.Clinic("UTC", "de-AT"))
    assert caught.value.where == "clinic.language"
    assert reader(plan, Style("participant", language="pl"), ts.Clinic("UTC", "de-AT")).language.tag == "pl"


# Times.


def test_a_booked_time_is_local_at_the_clinic() -> None:
    """Its length is the visit's own, else its mode's, else an hour."""
    subject = SUBJECT.booked("DOSE2", APRIL_2, NINE).booked("M04", date(2026, 7, 2), time(12, 0))
    subject = subject.booked("DOSE3", date(2026, 5, 4), time(23, 30))
    for code, start, hours in (
        ("DOSE2", datetime(2026, 4, 2, 7, 30, tzinfo=UTC), 4.0),
        ("M04", datetime(2026, 7, 2, 10, 0, tzinfo=UTC), 0.25),
        ("DOSE3", datetime(2026, 5, 4, 21, 30, tzinfo=UTC), 1.0),
    ):
        event = one(subject, STAFF, CLINIC, code)
        assert isinstance(event.start, datetime)
        assert isinstance(event.end, datetime)
        assert event.zone == "Europe/Warsaw"
        assert (event.start, event.end) == (start, start + timedelta(hours=hours))  # Warsaw is two hours ahead then
        assert str(event.start.tzinfo) == "Europe/Warsaw"
    lines = ical.dumps(ts.schedule(ALSTEM, subject), stamp=STAMP, clinic=CLINIC).decode().split("\r\n")
    assert "DTSTART;TZID=Europe/Warsaw:20260402T093000" in lines
    assert "DTEND;TZID=Europe/Warsaw:20260402T133000" in lines
    assert "DTEND;TZID=Europe/Warsaw:20260702T121500" in lines
    assert "DTEND;TZID=Europe/Warsaw:20260505T003000" in lines


@pytest.mark.parametrize("audience", ical.AUDIENCES)
def test_a_booked_time_needs_a_clinic(audience: Any) -> None:  # noqa: ANN401
    """The visit is named; once it is attended its time does not matter."""
    subject = SUBJECT.booked("DOSE2", APRIL_2, NINE)
    with pytest.raises(
        ts.InvalidValueError, match="booked for 2026-04-02 at 09:30: a time needs the clinic's zone"
    ) as caught:
        one(subject, Style(audience), None)
    assert caught.value.where == "DOSE2"
    event = one(subject.attended("DOSE2", APRIL_2), Style(audience), None)
    assert (event.start, event.end, event.zone) == (APRIL_2, date(2026, 4, 3), "")


def test_a_time_that_the_clinic_does_not_have_is_refused() -> None:
    """On 29 March 2026 the clocks in Warsaw go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00."""
    for code, day, words in (
        ("DOSE2", date(2026, 3, 29), "02:30 on 2026-03-29 does not exist in Europe/Warsaw"),
        ("M08", date(2026, 10, 25), "02:30 on 2026-10-25 exists twice in Europe/Warsaw"),
    ):
        with pytest.raises(ts.InvalidValueError, match=words) as caught:
            one(SUBJECT.booked(code, day, time(2, 30)), STAFF, BARE, code)
        assert caught.value.where == code


# Blinded staff.


def test_who_is_blind_sees_what_all_arms_have() -> None:
    """Four visits of eight or twelve, the same for both arms, with the words that staff read."""
    plans = [ts.schedule(CYCLES, replace(ARM_B, arm=arm)) for arm in ("A", "B", None)]
    assert [len(plan) for plan in plans] == [12, 8, 4]
    for plan in plans:
        assert [row.code for row in told(plan, BLIND)] == ["SCR", "RAND", "M06", "M07"]
        assert told(plan, STAFF) == told(plan, PARTICIPANT) == list(plan)
        seen = {e.visit: e for e in written(plan)}
        for event in written(plan, BLIND):
            assert event == seen[event.visit]._replace(audience="blind")


def test_visits_that_name_every_arm_are_told_to_the_blind() -> None:
    """They say the same as visits that name none; those of two arms of three are not told."""
    visits = [
        ts.Visit("D0", "on-site"),
        ts.Visit("ALL", "on-site", "1 day after D0", arms=["Y", "X", "Z"]),
        ts.Visit("TWO", "on-site", "2 days after D0", arms=["X", "Y"]),
    ]
    protocol = ts.Protocol("arms", "1", "D0", visits, arms=["X", "Y", "Z"])
    for arm in ("X", "Z"):
        plan = ts.schedule(protocol, replace(ARM_B, arm=arm))
        assert [row.code for row in told(plan, BLIND)] == ["D0", "ALL"]


def recorded(code: str, day: date) -> st.SearchStrategy[ts.VisitRecord]:
    """Draw a record of a visit near a day."""
    near = st.integers(-20, 20).map(lambda days: day + timedelta(days))
    return st.one_of(
        st.builds(ts.VisitRecord, visit=st.just(code), attended=near),
        st.builds(ts.VisitRecord, visit=st.just(code), booked=near, booked_time=st.sampled_from((None, NINE))),
        st.builds(ts.VisitRecord, visit=st.just(code), outcome=st.just("missed")),
        st.builds(ts.VisitRecord, visit=st.just(code), attended=near, outcome=st.just("withheld")),
    )


@st.composite
def pairs(draw: st.DrawFn) -> tuple[ts.Plan, ts.Plan]:
    """Draw two plans of one protocol whose subjects differ in the arm only, with records of any visit."""
    protocol = draw(st.just(CYCLES) | strategies.protocols(max_arms=3).filter(lambda p: len(p.arms) > 1))
    subject = draw(strategies.subjects(protocol=protocol))
    day = subject.baseline or STAMP.date()
    codes = draw(st.lists(st.sampled_from(protocol.codes), unique=True))
    records = (*subject.records, *(draw(recorded(code, day)) for code in codes))
    first, second, *_ = draw(st.permutations(protocol.arms))
    one, other = (replace(subject, arm=arm, records=records) for arm in (first, second))
    return ts.schedule(protocol, one), ts.schedule(protocol, other)


STYLES = st.builds(
    Style,
    st.just("blind"),
    language=st.sampled_from((None, "en", "pl")),
    alarms=st.sampled_from(((), ("1d", "2h"))),
    windows=st.booleans(),
    feed=st.booleans(),
)


@given(pairs(), STYLES)
def test_the_blind_see_nothing_of_the_arm(plans: tuple[ts.Plan, ts.Plan], style: Style) -> None:
    """Of two subjects who differ in the arm only the blind calendars are the same bytes, alone and for the site."""
    one, other = (ical.dumps(plan, stamp=STAMP, clinic=CLINIC, style=style) for plan in plans)
    assert one == other
    one, other = (ical.dumps([plan], stamp=STAMP, clinic=CLINIC, style=style) for plan in plans)
    assert one == other


@given(pairs(), STYLES)
def test_the_blind_see_nothing_of_the_arm_after_an_update(plans: tuple[ts.Plan, ts.Plan], style: Style) -> None:
    """Nor in a calendar written over an earlier one, when facts have changed meanwhile."""
    found = []
    for plan in plans:
        before = ts.schedule(plan.protocol, replace(plan.subject, records=()))
        old = ical.dumps(before, stamp=STAMP, clinic=CLINIC, style=style)
        later = STAMP + timedelta(days=1)
        found.append(ical.dumps(plan, stamp=later, clinic=CLINIC, style=style, previous=old))
    assert found[0] == found[1]


@given(strategies.plans() | strategies.plans(protocol=ALSTEM), st.sampled_from(["en", "pl"]))
def test_descriptions_from_a_template_are_those_made_phrase_by_phrase(plan: ts.Plan, tag: str) -> None:
    """The fast path says what the general one says, for every row, also at the ends of months."""
    words = language(tag)
    for row in plan:
        state = _state(plan, row, words)
        assert _staff_description(plan, row, words) == _described(row, words, state)


@pytest.mark.parametrize("day", [28, 29, 30, 31])
def test_ends_of_months_are_described_phrase_by_phrase(day: int) -> None:
    """31 January and 6 months is clamped, and so are windows of a month: every day at the end says what is so."""
    timing = ts.Timing("1 month after D0", window="\u00b11 month")
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), ts.Visit("V1", "phone", timing)])
    plan = ts.schedule(protocol, ts.Subject("S", baseline=date(2026, 1, day)))
    words = language("en")
    assert f"Why: {plan['V1'].why}" in _staff_description(plan, plan["V1"], words)
