"""What is judged: our exports, each with the events that its plan says, worked out here and not by the exporter.

To have more judged, add to `examples` or `drawn`.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import trialsched as ts
from tests.outside.reading import Event, moment
from trialsched import strategies
from trialsched.formats import ical
from trialsched.protocol.parts import Texts

DRAWN = 200
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_STAFF = ical.Style()
_NAMESPACE = UUID("afc55f27-d4ef-457a-a82d-d92d6e163031")  # design 8: a constant of ours, for ever
_LONGEST = 255  # octets of a SUMMARY, as it is written


class Export(NamedTuple):
    """One file, and what every program must read in it, in order of UID."""

    name: str
    data: bytes
    events: list[Event]


# Words of the titles, by hand from the issue that asked for them.
_CANCELLED = {"en": "CANCELLED ", "pl": "ODWO\u0141ANA "}
_TITLES = {"en": "Visit {} of {}", "pl": "Wizyta {} z {}"}
_HOW = {
    "en": {"phone": ": we will phone you", "video": ": we will call you by video", "home": ": we will come to you"},
    "pl": {
        "phone": ": zadzwonimy do Pani/Pana",
        "video": ": po\u0142\u0105czymy si\u0119 z Pani\u0105/Panem przez wideo",
        "home": ": przyjedziemy do Pani/Pana do domu",
    },
}
_WINDOW = {"en": "window", "pl": "okno"}
_POSSIBLE = {"en": ": possible days", "pl": ": mo\u017cliwe dni"}
_PHONE_CALL, _OTHER_VISIT = timedelta(minutes=15), timedelta(minutes=60)


def expected(
    plan: ts.Plan, zone: str | None = None, style: ical.Style = _STAFF, there: frozenset[str] = frozenset()
) -> list[Event]:
    """Return the events of a plan, by the rules of design 8; a booked time is a time of the zone.

    Of what is called off there are events only where some were `there` before, by their UIDs.
    """
    arms = set(plan.protocol.arms)
    rows = [row for row in plan if style.audience != "blind" or not row.visit.arms or {*row.visit.arms} == arms]
    order = [row.code for row in sorted(rows, key=lambda row: row.target)]
    language = style.language or "en"
    found = []
    for row in rows:
        closed = plan.subject.ended is not None and (row.latest or row.target) > plan.subject.ended
        off = row.attended is None and (row.outcome == "missed" or closed)
        prefix = _CANCELLED[language] if off else ""
        title = _TITLES[language].format(order.index(row.code) + 1, len(order))
        if style.audience == "participant":
            how = (
                _HOW[language].get(row.mode, "") if row.attended is None and not off else ""
            )  # only of what is to come
            names = [f"{title}{how}", f"{title}{_POSSIBLE[language]}"]
            names = [prefix + name for name in names]
        else:
            tails = (row.code, f"{row.code} {_WINDOW[language]}")
            names = [_summary(prefix, plan.subject.code, tail) for tail in tails]
        key = (plan.protocol.id, plan.subject.code, row.code)
        found.append(Event(uid(*key), names[0], *_when(row, zone)))
        if style.windows and row.earliest and row.latest:
            found.append(Event(uid(*key, "window"), names[1], *_days(row.earliest, row.latest)))
        if off:
            uids = {uid(*key), uid(*key, "window")}
            found = [event for event in found if event.uid not in uids or event.uid in there]
    return sorted(found)


def visits_of(plan: ts.Plan) -> frozenset[str]:
    """Return the UIDs of a plan's visits."""
    return frozenset(uid(plan.protocol.id, plan.subject.code, row.code) for row in plan)


def _days(first: date, last: date) -> tuple[str, str]:
    return first.isoformat(), (last + timedelta(1)).isoformat()


def _when(row: ts.PlannedVisit, zone: str | None) -> tuple[str, str]:
    if isinstance(row.attended, date):
        return _days(row.attended, row.attended)
    if row.booked is None or row.booked_time is None:
        day = row.booked or row.target
        return _days(day, day)
    assert zone is not None
    start = datetime.combine(row.booked, row.booked_time, ZoneInfo(zone)).astimezone(UTC)
    return moment(start), moment(start + (_PHONE_CALL if row.mode == "phone" else _OTHER_VISIT))


def uid(study_key: str, subject: str, visit: str, role: str = "visit") -> str:
    """Return the UID of an event, by its definition."""
    return str(uuid5(_NAMESPACE, unicodedata.normalize("NFC", f"{study_key}\x1f{subject}\x1f{visit}\x1f{role}")))


def _octets(text: str) -> int:
    escapes = sum(text.count(character) for character in "\\;,")  # RFC 5545, section 3.3.11
    return len(text.encode()) + escapes


def _summary(prefix: str, subject: str, tail: str) -> str:
    """Return what an event is called: the subject's code is cut, and an ellipsis put, where it is too long."""
    whole = f"{prefix}{subject} {tail}"
    if _octets(whole) <= _LONGEST:
        return whole
    cuts = (f"{prefix}{subject[:length]}\u2026 {tail}" for length in range(len(subject), -1, -1))
    return next(cut for cut in cuts if _octets(cut) <= _LONGEST)


_CONTACT = ts.Contact(
    "O\u015brodek \u201eA;B\u201d, 3",
    "ul. D\u0142uga 5\n90-001 \u0141\u00f3d\u017a",
    (51.7592, 19.456),
    "+48 (22) 123-45-67",
)


def _clinic(zone: str) -> ts.Clinic:
    return ts.Clinic(zone, None, _CONTACT, {"phone": _PHONE_CALL})


def _export(name: str, plan: ts.Plan, zone: str | None = None, style: ical.Style = _STAFF) -> Export:
    data = ical.dumps(plan, stamp=STAMP, clinic=_clinic(zone) if zone else None, style=style)
    return Export(name, data, expected(plan, zone, style))


# zone: days of 2026 on which its clocks change, from the rules of its law; Casablanca's by the month of Ramadan
_CHANGES = {
    "Europe/Warsaw": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Sydney": (date(2026, 4, 5), date(2026, 10, 4)),
    "Asia/Kolkata": (date(2026, 6, 1),),
    "Europe/Dublin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    "Asia/Gaza": (date(2026, 3, 28), date(2026, 10, 24)),
    "Africa/Casablanca": (date(2026, 2, 15), date(2026, 3, 22)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
}


def examples() -> Iterator[Export]:
    """Yield the bundled protocols in every state of a visit, for every reader, in zones around their clock changes."""
    alstem, cycles = ts.load_protocol("alstem"), ts.load_protocol("cycles")
    subject = ts.Subject("P01-007", baseline=date(2026, 3, 2))
    plan = ts.schedule(alstem, subject)
    yield _export("alstem", plan)
    yield _export("alstem-as-registered", ts.schedule(alstem.as_registered(), subject))
    # as in examples/one_subject.py
    told = subject.attended("DOSE1", date(2026, 3, 4)).booked("DOSE2", date(2026, 4, 7))
    yield _export("alstem-moved", ts.schedule(alstem, told))
    told = told.missed("M03").withheld("DOSE3", date(2026, 5, 7)).attended("M02", ts.PartialDate(2026, 5))
    every = ts.schedule(alstem, told.booked("M04", date(2026, 7, 1), time(9, 30)).end(date(2026, 7, 1)))
    for audience in ical.AUDIENCES:
        for language in ("en", "pl"):
            style = ical.Style(audience, language=language, alarms=("1d", "2h"), windows=True, feed=True)
            yield _export(f"alstem-{audience}-{language}", every, "Europe/Warsaw", style)
    for arm in cycles.arms:
        someone = ts.Subject("\u0141\u00f3d\u017a 3", baseline=date(2028, 2, 29), arm=arm)
        yield _export(f"cycles-{arm}", ts.schedule(cycles, someone))
    long = "\u65e5\U0001f489\u05d1\u0632\u0142;,\\" * 8  # cut in the title of a visit that is called off
    named = ts.Subject(long, baseline=date(2026, 3, 2))
    before, missed = ts.schedule(alstem, named), ts.schedule(alstem, named.missed("DOSE2"))
    over = ical.dumps(missed, stamp=STAMP + timedelta(2), previous=ical.dumps(before, stamp=STAMP))
    yield Export("long-code", over, expected(missed, there=visits_of(before)))
    first = ical.dumps(plan, stamp=STAMP)
    later = ical.dumps(
        every,
        stamp=STAMP + timedelta(2),
        previous=first,
        clinic=_clinic("Europe/Warsaw"),
        style=ical.Style(windows=True),
    )
    there = visits_of(plan)
    yield Export("alstem-updated", later, expected(every, "Europe/Warsaw", ical.Style(windows=True), there))
    site = [
        ts.schedule(alstem, replace(every.subject, code=code)) for code in ("P01-007", "a,b;c\\n", "\u65e5\u672c 3")
    ]
    data = ical.dumps(site, stamp=STAMP, clinic=_clinic("Europe/Warsaw"))
    yield Export("site", data, sorted(event for one in site for event in expected(one, "Europe/Warsaw")))
    for zone, changes in _CHANGES.items():
        days = [day + timedelta(shift) for day in changes for shift in (-1, 0, 1)]
        someone = subject
        for row, day in zip(plan, days, strict=False):
            someone = someone.booked(row.code, day, time(13, 30))
        one = _export(
            f"clocks-{zone}".replace("/", "-"), ts.schedule(alstem, someone), zone, ical.Style(alarms=("2h",))
        )
        yield one
        # RFC 5545, section 3.8.3.1: a TZID is any text, and the VTIMEZONE says what it means
        data = one.data
        for mark in "=:":
            data = data.replace(f"TZID{mark}{zone}".encode(), f"TZID{mark}Elsewhere/{zone}".encode())
        yield Export(f"unknown-{one.name}", data, one.events)


_POLISH = "za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105 ja\u017a\u0143"
_CJK = "\u65e5\u672c\u8a9e\u8a2a\u554f\U00020bb7\ud55c\uae00"
_EMOJI = "\U0001f489\U0001f9d1\U0001f3fd\u2695\ufe0f\U0001f1f5\U0001f1f1"
_RIGHT_TO_LEFT = "\u05d1\u05d9\u05e7\u05d5\u05e8 \u0632\u064a\u0627\u0631\u0629"
_ESCAPES = r"""\;,:"'^%&<nN={} """ + "\u00a0\u00adx"
_CHARACTERS = st.sampled_from(_POLISH + _CJK + _EMOJI + _RIGHT_TO_LEFT + _ESCAPES)


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip() or "x"


_SCRIPTS = (_POLISH, _CJK, _EMOJI, _RIGHT_TO_LEFT, _ESCAPES, "P01-007")
_CODES = (
    "\U0001f489" * 64,  # cut in titles
    *(
        _printable(text)
        for script in _SCRIPTS
        for text in (script, (script * 64)[:64], script[:1], (script[::-1] + _ESCAPES + _EMOJI * 9)[:64])
    ),
)
_LABELS = st.text(_CHARACTERS, min_size=1, max_size=30).map(lambda text: f"({(text * 300)[:298]})")


_TIMES = st.none() | st.builds(time, st.integers(7, 17), st.integers(0, 59))


@st.composite
def _plans(draw: st.DrawFn) -> ts.Plan:
    plan = draw(strategies.plans())
    label = Texts({"en": draw(_LABELS), "pl": draw(_LABELS)})
    visits = tuple(replace(visit, label=label) for visit in plan.protocol.visits)
    records = tuple(
        replace(record, booked_time=draw(_TIMES) if record.booked else None) for record in plan.subject.records
    )
    return ts.schedule(replace(plan.protocol, visits=visits), replace(plan.subject, records=records))


def _whole_days(plan: ts.Plan) -> ts.Plan:
    records = tuple(replace(record, booked_time=None) for record in plan.subject.records)
    return ts.schedule(plan.protocol, replace(plan.subject, records=records))


_STYLES = (
    ical.Style(alarms=("1d", "2h"), windows=True),
    ical.Style("participant", language="pl", alarms=("1d",), windows=True),
    ical.Style("participant", language="en", feed=True),
    ical.Style("blind", language="pl", windows=True),
)
_ZONES = ("Europe/Warsaw", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "Europe/Dublin")


def drawn() -> Iterator[Export]:
    """Yield exports of plans that Hypothesis makes, the same ones in every run: codes and labels in many scripts.

    One in five in whole days and without a clinic, the others in all styles and several zones.
    """
    plans: dict[str, ts.Plan] = {}

    @settings(
        max_examples=DRAWN * 3 // 2,  # some come twice
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_plans())
    def collect(plan: ts.Plan) -> None:
        plans.setdefault(repr((plan.protocol.fingerprint, plan.subject)), plan)

    collect()
    for number, drawn_plan in enumerate([*plans.values()][:DRAWN]):
        # the code by turns, so that every script is judged whatever Hypothesis draws
        plan = ts.schedule(
            drawn_plan.protocol, replace(drawn_plan.subject, code=_CODES[(number + number // 5) % len(_CODES)])
        )
        kind, turn = number % 5, number // 5
        if kind == 4:
            yield _export(f"drawn-{number:03}", _whole_days(plan))
        else:
            yield _export(f"drawn-{number:03}", plan, _ZONES[turn % len(_ZONES)], _STYLES[kind])
