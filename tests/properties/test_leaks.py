"""What never leaves the house: nothing of the trial in a participant's calendar, nothing of the person in any."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.cli.files import file_name
from trialsched.cli.making import SUFFIXES
from trialsched.formats import documents, ical
from trialsched.formats.ical import Style
from trialsched.protocol import Mode

STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CLINIC = ts.Clinic("Europe/Warsaw", None, ts.Contact("Clinic 3", "Main Street 1", (52.0, 21.0), "+48 22 123 45 67"))
ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")


def readable(data: bytes) -> str:
    """Return all that a calendar says, in lower case, unfolded, as it stands and with escapes undone.

    Our own name, which has 'trial' and 'als' in it, is left out, and a name of RFC 5545 with 'als'.
    """
    text = data.decode().replace("\r\n ", "").lower().replace("trialsched", "").replace("calscale:", "")
    return text + re.sub(r"\\(.)", lambda found: " " if found[1] == "n" else found[1], text)


# Participants: nothing of the trial, the treatment or the codes.

MARK = "qz"  # in no word of any language here, in no UID, which is hexadecimal


def marked(protocol: ts.Protocol) -> ts.Protocol:
    """Return the protocol with a mark in every text and every code."""
    document = protocol.document()
    text = json.dumps(document)
    text = re.sub(r"\b([VCT])(?=\d)", rf"{MARK}code\1", text)  # V0, C1_{n}, T1_{n}: also where they are named
    document = json.loads(re.sub(r"\bARM(?=\d)", f"{MARK}arm", text))
    document |= {
        "id": f"{MARK}id",
        "version": f"{MARK} version",
        "title": {"en": f"{MARK} title dose", "pl": f"{MARK} tytuł dawka"},
        "sources": [f"{MARK} source"],
        "registry_ids": [f"{MARK}NCT00000000"],
        "unscheduled": [f"{MARK}UNS*"],
    }
    for visit in document["visits"]:
        visit |= {"label": {"en": f"{MARK} label"}, "epoch": f"{MARK} epoch", "procedures": [f"{MARK} procedure"]}
    for rule in document.get("eligibility", ()):
        rule |= {"id": f"{MARK}rule", "fact": f"{MARK}fact", "text": {"en": f"{MARK} text"}}
    return documents.loads(json.dumps(document), format="json")


@st.composite
def marked_plans(draw: st.DrawFn) -> ts.Plan:
    """Draw plans of marked protocols, with and without what is assumed, of marked subjects."""
    protocol = marked(draw(strategies.protocols()))
    if draw(st.booleans()):
        protocol = protocol.as_registered()
    subject = draw(strategies.subjects(protocol=protocol))
    records = tuple(replace(record, note=f"{MARK} note") for record in subject.records)
    foreign = ts.VisitRecord(f"{MARK} foreign", attended=date(2026, 3, 2), note=f"{MARK} note")
    return ts.schedule(protocol, replace(subject, code=f"{MARK}-{subject.code[:50]}", records=(*records, foreign)))


STYLES = st.builds(
    Style,
    st.just("participant"),
    language=st.sampled_from((None, "en", "pl")),
    alarms=st.sampled_from(((), ("1d", "30min"))),
    windows=st.booleans(),
    feed=st.booleans(),
)
# What would tell that there is a trial, a treatment or what came of it, in English and Polish.
TELLING = (MARK, "trial", "study", "protocol", "protok", "dose", "dawk", "drug", "lek", "treat", "podan", "badan",
           "withheld", "wstrzyman", "withdr", "wycof", "registered", "baseline", "anchor", "screening", "epoch",
           "death", "complet", "randomi", "infusion", "nct")  # fmt: skip


@given(marked_plans(), STYLES)
def test_nothing_of_the_trial_is_in_a_participants_calendar(plan: ts.Plan, style: Style) -> None:
    """No name, id, fingerprint, version, arm, label, epoch, procedure, rule, note, visit code or subject code."""
    data = ical.dumps(plan, stamp=STAMP, clinic=CLINIC, style=style)
    text = readable(data)
    assert [word for word in (*TELLING, plan.protocol.fingerprint) if word in text] == []
    later = ical.dumps(
        ts.schedule(plan.protocol, replace(plan.subject, records=(), ended=plan.baseline)),
        stamp=STAMP + timedelta(days=1),
        clinic=CLINIC,
        style=style,
        previous=data,
    )
    text = readable(later)
    assert [word for word in (*TELLING, plan.protocol.fingerprint) if word in text] == []


@given(st.one_of(strategies.plans(protocol=ALSTEM), strategies.plans(protocol=CYCLES)), STYLES)
def test_nothing_of_the_bundled_trials_is_in_a_participants_calendar(plan: ts.Plan, style: Style) -> None:
    """No word of their codes, titles, labels and epochs, nor the subject's code."""
    text = readable(ical.dumps(plan, stamp=STAMP, clinic=CLINIC, style=style))
    assert [word for word in (*TELLING, "stem", "whartona", "sclerosis", "stwardnien") if word in text] == []
    words = set(re.findall(r"[^\W_]+", text))
    assert not words & {code.lower() for code in plan.protocol.codes}
    assert plan.subject.code.lower() not in text


def test_the_name_of_a_file_is_the_subjects_code_and_nothing_else() -> None:
    """By it the site knows whose file it is; whose calendar it is to read is told by the ending."""
    names = [file_name("P01-007", SUFFIXES[audience]) for audience in ical.AUDIENCES]
    assert names == ["P01-007.ics", "P01-007.participant.ics", "P01-007.blind.ics"]


@given(marked_plans(), st.sampled_from(("staff", "blind")))
def test_of_the_trial_only_codes_and_the_fingerprint_are_in_a_calendar_of_staff(plan: ts.Plan, audience: str) -> None:
    """Visit codes and the subject's code stand in it; nothing else that was marked does."""
    style = Style(audience, windows=True, alarms="1d")  # type: ignore[arg-type]
    plan = ts.schedule(plan.protocol, replace(plan.subject, code="P01-007"))
    text = readable(ical.dumps(plan, stamp=STAMP, clinic=CLINIC, style=style))
    assert "p01-007" in text
    assert MARK not in re.sub(rf"{MARK}code[vct]\d", "", text)
    assert plan.protocol.fingerprint in text


# Everybody: nothing of the person, whatever was typed into the fields.

NAMES = ("Kowalski", "Anna Nowak-Zielińska", "Łukasz Żółć")
BIRTHS = ("1961-07-14", "14.07.1961", "14/07/1961", "07/14/1961", "19610714", "14 lipca 1961", "July 14, 1961",
          "61071412345")  # fmt: skip
PHONES = ("+48 601 234 567", "601 234 567", "601-234-567", "601234567", "(601) 234 567", "tel:+48601234567")
DIAGNOSES = (
    "ALS", "SLA", "G12.2", "MND", "amyotrophic lateral sclerosis", "motor neuron disease", "neurone",
    "stwardnienie zanikowe boczne", "stwardnienia zanikowego bocznego", "stwardnieniu zanikowemu bocznemu",
    "stwardnieniem zanikowym bocznym", "stwardnieniu zanikowym bocznym",
    "choroba neuronu ruchowego", "choroby neuronu ruchowego",
    "stem cell", "mesenchymal stem cells", "komórki macierzyste", "komórek macierzystych", "komórkami macierzystymi",
    "komórkom macierzystym", "Wharton's jelly", "galareta Whartona", "galarety Whartona", "riluzol",
)  # fmt: skip
PERSONAL = (*NAMES, *BIRTHS, *PHONES, *DIAGNOSES)


def slug(text: str) -> str:
    """Return a text in the form of a code."""
    return "x" + re.sub(r"[^A-Za-z0-9]+", "-", text)


def planted(text: str) -> ts.Protocol:
    """Return a protocol with a text in every field that takes one, and its form as a code in every id."""
    both = {"en": text, "pl": f"Pacjent: {text}", "de": text.upper()}

    def visit(code: str, mode: Mode, timing: ts.Timing, arms: tuple[str, ...] = ()) -> ts.Visit:
        return ts.Visit(code, mode, timing, label=both, epoch=text, procedures=[text, f"{text}, 2"], arms=arms)

    return ts.Protocol(
        slug(text),
        text,
        "D0",
        [
            visit("D0", "on-site", ts.Timing(window="±3 days")),
            visit("D30", "phone", ts.Timing("30 days after D0", window="±7 days", assumed=True)),
            visit("M2", "video", ts.Timing("2 months after D0", window="±1 month", not_before="5 days after D30")),
            visit("M3", "home", ts.Timing("3 months after D0"), (text,)),
            visit("M4", "home", ts.Timing("4 months after D0"), ("B",)),
        ],
        arms=[text, "B"],
        eligibility=[
            ts.EligibilityRule(
                slug(text), re.sub(r"\W+", "_", slug(text), flags=re.ASCII).lower(), "at_least", "6 months", text=both
            )
        ],
        unscheduled=[f"{slug(text)}*"],
        meta=ts.Meta(both, in_force=date(1961, 7, 14), sources=[text], registry_ids=[text]),
    )


def person(text: str) -> ts.Subject:
    """Return a subject with a text in every field that takes one, but for the code."""
    return ts.Subject(
        "P01-007",
        baseline=date(2026, 3, 2),
        arm=text,
        language=text,
        ended=date(2026, 6, 1),
        end_reason="death",
        records=(
            ts.VisitRecord("D0", attended=date(2026, 3, 2), outcome="withheld", note=text),
            ts.VisitRecord("D0", booked=date(2026, 3, 4), booked_time=time(9, 30), note=text),
            ts.VisitRecord("D30", booked=date(2026, 4, 1), booked_time=time(9, 30), note=text),
            ts.VisitRecord("M2", outcome="missed", note=f"{text}\n{text}"),
            ts.VisitRecord(text, attended=date(2026, 4, 1), note=text),
        ),
    )


def exports(plan: ts.Plan) -> Iterator[bytes]:
    """Yield the calendars of a plan for every reader in every language: new, updated, for the site, with all extras."""
    empty = ts.schedule(plan.protocol, ts.Subject(plan.subject.code, plan.subject.baseline, "B"))
    for audience, tag in product(ical.AUDIENCES, ical.languages()):
        for extras in ({}, {"windows": True, "alarms": ("1d", "2h"), "feed": True}):
            style = Style(audience, language=tag, **extras)  # type: ignore[arg-type]
            fresh = ical.dumps(plan, stamp=STAMP, clinic=CLINIC, style=style)
            yield fresh
            yield ical.dumps(empty, stamp=STAMP, clinic=CLINIC, style=style, previous=fresh)
            yield ical.build(plan, stamp=STAMP, clinic=CLINIC, style=style).to_ical()
            if audience != "participant":
                yield ical.dumps([plan], stamp=STAMP, clinic=CLINIC, style=style)
    yield ical.dumps(plan, stamp=STAMP, clinic=CLINIC)


@pytest.mark.parametrize("text", PERSONAL)
def test_nothing_of_the_person_reaches_a_calendar(text: str) -> None:
    """A name, a birth date, a phone number or a diagnosis in any free field: not in the bytes for any reader."""
    plan = ts.schedule(planted(text), person(text))
    assert plan.other_records
    forms = {text.lower(), slug(text).lower(), re.sub(r"\W+", "_", text).lower()}
    if text in PHONES:
        forms.add("601234567")
    for data in exports(plan):
        said = readable(data)
        assert not [form for form in forms if form in said]
        assert "death" not in said
        assert "1961" not in {found[:4] for found in re.findall(r"\d{4}-?\d\d-?\d\d", said)}


@pytest.mark.parametrize("text", PERSONAL)
def test_nothing_of_the_person_reaches_a_uid_or_a_file_name(text: str) -> None:
    """A UID is hexadecimal whatever it is made from, also of a code that is a name; a file is named by the code."""
    made = ical.uid(text, text, slug(text))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", made)
    data = ical.dumps(ts.schedule(planted(text), person(text)), stamp=STAMP, clinic=CLINIC, study_key=text)
    assert text.lower() not in readable(data)
    names = re.findall(r"(?:uid|related-to|x--subject):([^\r\n]*)", readable(data))
    assert names
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) for name in names)
    for suffix in SUFFIXES.values():
        assert file_name(person(text).code, suffix) == f"P01-007{suffix}"


def test_the_check_for_leaks_sees_a_leak() -> None:
    """A word that is folded, escaped and in capitals is found: the tests above are not blind."""
    style = Style(name=f"Kalendarz, oddział dzienny {'x' * 40} JULY 14, 1961 \\ Stwardnieniem Zanikowym Bocznym")
    data = ical.dumps(ts.schedule(planted("x"), person("x")), stamp=STAMP, clinic=CLINIC, style=style)
    said = readable(data)
    for word in ("july 14, 1961", "stwardnieniem zanikowym bocznym"):
        assert word in said
        assert word not in data.decode().lower() or "\r\n " in data.decode()
