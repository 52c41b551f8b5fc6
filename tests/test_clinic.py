"""The clinic: zone, language, contact, durations."""

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.clinic import DEFAULT_DURATION, Durations, duration_text, is_occurrence

CONTACT = ts.Contact("Clinic 3", "ul. Prosta 1\n00-001 Warszawa", (52.2297, 21.0122), "+48 22 123 45 67")
CLINIC = ts.Clinic("Europe/Warsaw", "pl", CONTACT, {"phone": "15 minutes", "DOSE1": "4 hours"})
SOURCE = {"PYTHONPATH": str(Path(ts.__file__).parents[1])}  # nothing of the site, which may load packages
HOURS = {hours: timedelta(hours=hours) for hours in (1, 2, 4, 24)}


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Warsaw",
        "America/New_York",
        "Australia/Sydney",
        "Asia/Kolkata",
        "Europe/Dublin",
        "America/St_Johns",
        "Asia/Gaza",
        "Africa/Casablanca",
        "Australia/Lord_Howe",
        "America/Argentina/Buenos_Aires",
        "UTC",
        "CET",
        "Etc/GMT+2",
    ],
)
def test_a_zone_is_a_name_of_the_iana_list(zone: str) -> None:
    """Places, the old short names and fixed offsets under their IANA names."""
    assert ts.Clinic(zone).zone == zone


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("europe/warsaw", "'Europe/Warsaw', the nearest one"),
        ("EUROPE/WARSAW", "'Europe/Warsaw', the nearest one"),
        ("Europe/Warsawa", "'Europe/Warsaw', the nearest one"),
        ("Warsaw", "'Europe/Warsaw', the nearest one"),
        ("America/New York", "'America/New_York', the nearest one"),
        (" Europe/Warsaw", "'Europe/Warsaw', the nearest one"),
        ("Europe/Warsaw\0", "'Europe/Warsaw', the nearest one"),
        ("CET+1", ""),
        ("UTC+01:00", ""),
        ("+01:00", ""),
        ("Europe", ""),
        ("", "such as 'Europe/Warsaw'"),
        ("x" * 100_000, "such as 'Europe/Warsaw'"),
        ("../zoneinfo/UTC", ""),
        ("Europe/../UTC", ""),
        ("/usr/share/zoneinfo/UTC", ""),
        ("C:\\UTC", ""),
        ("right/UTC", ""),
        ("posix/UTC", ""),
        ("posixrules", ""),
        ("localtime", ""),
        ("Factory", ""),
        ("zone.tab", ""),
        ("tzdata.zi", ""),
    ],
)
def test_anything_else_is_no_zone(zone: str, hint: str) -> None:
    """Other cases of letters, POSIX rules, offsets, paths, and files that lie beside the zones."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.Clinic(zone)
    assert caught.value.where == "zone"
    assert hint in caught.value.message
    assert len(caught.value.message) < 400


def test_without_time_zone_data_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may have neither its own data nor the tzdata package."""
    monkeypatch.setattr("trialsched.clinic._zones", frozenset)
    with pytest.raises(ts.InvalidValueError, match="pip install tzdata"):
        ts.Clinic("Europe/Warsaw")


@pytest.mark.parametrize("language", ["en", "pl", "de-AT", "zh-Hant-TW", "ast", "es-419"])
def test_a_language_is_a_tag(language: str) -> None:
    """A language, and what BCP 47 lets follow it."""
    assert ts.Clinic("UTC", language).language == language


@pytest.mark.parametrize("language", ["", "p", "PL", "polish", "pl_PL", "pl-", "pl-x", " pl", "pl\n", "pl" + "-ab" * 7])
def test_other_languages_are_refused(language: str) -> None:
    """Locales of operating systems and names of languages are no tags."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.Clinic("UTC", language)
    assert caught.value.where == "language"


@pytest.mark.parametrize(
    ("phone", "tel"),
    [
        ("+48 22 123 45 67", "tel:+48221234567"),
        ("+48 (22) 123-45-67", "tel:+48221234567"),
        ("+1 (212) 555-0100", "tel:+12125550100"),
        ("+(48)221234567", "tel:+48221234567"),
        ("+12345", "tel:+12345"),
        ("+123456789012345", "tel:+123456789012345"),
    ],
)
def test_a_phone_number_is_kept_as_written_and_has_a_uri(phone: str, tel: str) -> None:
    """E.164 numbers; the URI of RFC 3966 section 5.1.4 has the digits after the plus."""
    contact = ts.Contact(phone=phone)
    assert (contact.phone, contact.tel) == (phone, tel)
    assert ts.Contact().tel is None


@pytest.mark.parametrize(
    "phone",
    [
        "",
        "+",
        "22 123 45 67",
        "0048 22 123 45 67",
        "+048 22 123 45 67",
        "+1234",
        "+1234567890123456",
        "+48 22 123 45 67 ",
        " +48 22 123 45 67",
        "+48  22 123 45 67",
        "+48 22 123 45 67 ext. 3",
        "+48 22 123 45 (67",
        "+48 22 123/45/67",
        "+48 22\u00a0123 45 67",
        "+48\n22 123 45 67",
        "+\u0664\u0668 22 123 45 67",
        "tel:+48221234567",
        "+1-800-FLOWERS",
        "+" + "(" * 100_000,
    ],
)
def test_other_phone_numbers_are_refused(phone: str) -> None:
    """National forms, too few and too many digits, extensions, other signs."""
    with pytest.raises(ts.InvalidValueError, match="international form") as caught:
        ts.Contact(phone=phone)
    assert caught.value.where == "contact.phone"


def test_a_zero_that_is_dialled_at_home_only_is_refused() -> None:
    """`+44 (0)20` is not dialled by anybody, and its digits are no E.164 number."""
    with pytest.raises(ts.InvalidValueError, match=r"without '\(0\)'"):
        ts.Contact(phone="+44 (0)20 7946 0000")


@pytest.mark.parametrize(
    ("geo", "kept"),
    [
        ((52.2297, 21.0122), (52.2297, 21.0122)),
        ([52, 21], (52.0, 21.0)),
        ((90, -180), (90.0, -180.0)),
        ((-90, 180), (-90.0, 180.0)),
    ],
)
def test_a_place_on_earth_is_latitude_and_longitude(geo: Any, kept: tuple[float, float]) -> None:  # noqa: ANN401
    """Decimal degrees in that order (RFC 5545 3.8.1.6), both ends of their ranges included."""
    found = ts.Contact(geo=geo).geo
    assert found == kept
    assert [type(number) for number in found or ()] == [float, float]
    assert str(ts.Contact(geo=(-0.0, -0.0)).geo) == "(0.0, 0.0)"


@pytest.mark.parametrize(
    ("geo", "error"),
    [
        ((90.1, 0), ts.InvalidValueError),
        ((0, 180.1), ts.InvalidValueError),
        ((float("nan"), 0), ts.InvalidValueError),
        ((0, float("inf")), ts.InvalidValueError),
        ((10**400, 0), ts.InvalidValueError),
        ((52.2297,), ts.InvalidValueError),
        ((), ts.InvalidValueError),
        ((1, 2, 3), ts.InvalidValueError),
        ("52.2297;21.0122", ts.InvalidTypeError),
        (("52", "21"), ts.InvalidTypeError),
        ((True, 0), ts.InvalidTypeError),
        (52, ts.InvalidTypeError),
        ({52, 21}, ts.InvalidTypeError),
    ],
)
def test_other_places_are_refused(geo: Any, error: type[ts.TrialschedError]) -> None:  # noqa: ANN401
    """Out of range, no number, not two."""
    with pytest.raises(error) as caught:
        ts.Contact(geo=geo)
    assert caught.value.where == "contact.geo"


@pytest.mark.parametrize("text", ["", " ", " x", "x ", "a\tb", "a\x00", "a\x85b", "a\u2028b", "a\ud800", "x" * 201])
@pytest.mark.parametrize("field", ["name", "address"])
def test_texts_are_printable(field: str, text: str) -> None:
    """1 to 200 characters, without control characters and blanks at the ends."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.Contact(**{field: text})  # type: ignore[arg-type]
    assert caught.value.where == f"contact.{field}"


def test_an_address_may_have_lines_and_a_name_has_one() -> None:
    """A line break at the end of an address is TOML's way of writing it, and is taken off."""
    assert ts.Contact(address="a\nb\n").address == "a\nb"
    assert ts.Contact(name="x" * 200, address="x" * 200) == ts.Contact("x" * 200, "x" * 200)
    for bad in ({"name": "a\nb"}, {"address": "a\r\nb"}, {"address": "\n"}):
        with pytest.raises(ts.InvalidValueError):
            ts.Contact(**bad)  # type: ignore[arg-type]


def test_texts_are_composed() -> None:
    """The same name typed with combining accents is the same name (NFC)."""
    assert ts.Contact("Lo\u0301dz\u0301", "Lo\u0301dz\u0301") == ts.Contact("L\u00f3d\u017a", "L\u00f3d\u017a")


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: ts.Clinic(None), "zone"),  # type: ignore[arg-type]
        (lambda: ts.Clinic("UTC", 3), "language"),  # type: ignore[arg-type]
        (lambda: ts.Clinic("UTC", contact="x"), "contact"),  # type: ignore[arg-type]
        (lambda: ts.Clinic("UTC", contact=None), "contact"),  # type: ignore[arg-type]
        (lambda: ts.Clinic("UTC", durations=5), "durations"),  # type: ignore[arg-type]
        (lambda: ts.Clinic("UTC", durations={3: "1 hour"}), "durations"),  # type: ignore[dict-item]
        (lambda: ts.Clinic("UTC", durations={"DOSE1": 60}), "durations.DOSE1"),  # type: ignore[dict-item]
        (lambda: ts.Clinic("UTC", durations={"DOSE1": None}), "durations.DOSE1"),  # type: ignore[dict-item]
        (lambda: ts.Contact(3), "contact.name"),  # type: ignore[arg-type]
        (lambda: ts.Contact(address=b"x"), "contact.address"),  # type: ignore[arg-type]
        (lambda: ts.Contact(phone=48221234567), "contact.phone"),  # type: ignore[arg-type]
    ],
)
def test_values_of_another_type_are_refused_by_place(make: Any, where: str) -> None:  # noqa: ANN401
    """Nothing is converted; the place is that of a document."""
    with pytest.raises(ts.InvalidTypeError) as caught:
        make()
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90 minutes", 90),
        ("1 minute", 1),
        ("90 min", 90),
        ("90min", 90),
        ("1 hour", 60),
        ("2 hours", 120),
        ("2 h", 120),
        ("1 Hour 30 Minutes", 90),
        ("1h30min", 90),
        ("1 hour 90 minutes", 150),
        (" 1 hour ", 60),
        ("PT1H30M", 90),
        ("PT90M", 90),
        ("PT24H", 1440),
        ("24 hours", 1440),
        ("0 hours 5 minutes", 5),
        (timedelta(minutes=45), 45),
        (timedelta(days=1), 1440),
        (pendulum.duration(hours=1, minutes=30), 90),
    ],
)
def test_a_duration_is_whole_minutes(text: Any, minutes: int) -> None:  # noqa: ANN401
    """Hours and minutes in words, by ISO 8601, as a timedelta or its subclass; kept as a plain timedelta."""
    found = Durations({"DOSE1": text})["DOSE1"]
    assert found == timedelta(minutes=minutes)
    assert type(found) is timedelta


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "90 minutes"),
        ("60", "90 minutes"),
        ("an hour", "90 minutes"),
        ("hour", "90 minutes"),
        ("30 minutes 1 hour", "90 minutes"),
        ("1 hour 1 hour", "90 minutes"),
        ("1 hour 30", "90 minutes"),
        ("1.5 hours", "90 minutes"),
        ("-1 hour", "90 minutes"),
        ("90 seconds", "90 minutes"),
        ("1 day", "90 minutes"),
        ("P1D", "90 minutes"),
        ("PT", "90 minutes"),
        ("PT30S", "90 minutes"),
        ("PT1.5H", "90 minutes"),
        ("P1M", "90 minutes"),
        ("\u0661 hour", "90 minutes"),
        ("1 hour" + " " * 100_000 + "!", "90 minutes"),
        ("30 m", "minutes or months"),
        ("1 h 30 M", "minutes or months"),
        ("0 minutes", "more than 0"),
        ("24 hours 1 minute", "at most 24 hours"),
        ("9" * 30 + " hours", "at most 24 hours"),
        (timedelta(0), "more than 0"),
        (timedelta(minutes=-5), "more than 0"),
        (timedelta(days=2), "at most 24 hours"),
        (timedelta.max, "at most 24 hours"),
        (timedelta(days=999_999_999, hours=23, minutes=59), "at most 24 hours"),
        (timedelta.min, "more than 0"),
        (timedelta(seconds=90), "whole minutes"),
        (timedelta(minutes=1, microseconds=1), "whole minutes"),
        (pendulum.duration(months=1), "at most 24 hours"),
    ],
)
def test_other_durations_are_refused(text: Any, part: str) -> None:  # noqa: ANN401
    """`m` alone is minutes or months; nothing, more than a day, parts of a minute are no length of a visit."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.Clinic("UTC", durations={"DOSE1": text})
    assert caught.value.where == "durations.DOSE1"
    assert part in caught.value.message


@pytest.mark.parametrize("key", ["", "1x", "a b", "a*", "C{n}{n}", "{n}", "x" * 65, "a\n", "\u0141", "C{m}"])
def test_a_key_is_a_mode_or_a_visit_code(key: str) -> None:
    """The form of the codes of protocols, one `{n}` in them."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.Clinic("UTC", durations={key: "1 hour"})
    assert caught.value.where == f"durations.{key}"


@pytest.mark.parametrize(("number", "good"), [(1000, True), (1001, False)])
def test_there_are_at_most_1000_durations(number: int, *, good: bool) -> None:
    """As many as a protocol has visits."""
    durations = {f"V{n}": "1 hour" for n in range(number)}
    if good:
        assert len(Durations(durations)) == number
    else:
        with pytest.raises(ts.InvalidValueError) as caught:
            Durations(durations)
        assert caught.value.where == "durations"


def test_a_visit_comes_before_its_cycle_before_its_mode_before_an_hour() -> None:
    """The most exact word holds."""
    durations = {"C2D1": "4 hours", "C{n}D1": "2 hours", "phone": "15 minutes"}
    clinic = ts.Clinic("UTC", durations=durations)
    assert clinic.duration("C2D1", "phone") == HOURS[4]
    assert clinic.duration("C1D1", "phone") == clinic.duration("C10D1", "on-site") == HOURS[2]
    assert clinic.duration("M06", "phone") == timedelta(minutes=15)
    assert clinic.duration("M06", "video") == DEFAULT_DURATION == HOURS[1]


def test_of_two_cycles_that_fit_the_longest_key_holds() -> None:
    """And of equally long ones the first in the alphabet, whatever their order."""
    durations = {"C{n}": "1 hour", "C1D{n}": "2 hours", "C{n}D1": "4 hours"}
    for given_order in (durations, dict(reversed(durations.items()))):
        clinic = ts.Clinic("UTC", durations=given_order)
        assert clinic.duration("C1D1", "on-site") == HOURS[2]
        assert clinic.duration("C2D1", "on-site") == HOURS[4]
        assert clinic.duration("C2", "on-site") == HOURS[1]


def test_a_mode_is_no_visit() -> None:
    """A visit whose code is the word of a mode takes its own mode's time; an unknown mode is refused."""
    clinic = ts.Clinic("UTC", durations={"phone": "15 minutes"})
    assert clinic.duration("phone", "on-site") == HOURS[1]
    with pytest.raises(ts.InvalidValueError) as caught:
        clinic.duration("M06", "fax")  # type: ignore[arg-type]
    assert caught.value.where == "mode"


@pytest.mark.parametrize(
    ("code", "cycle", "fits"),
    [
        ("C1D1", "C{n}D1", True),
        ("C12", "C{n}", True),
        ("C0D1", "C{n}D1", False),
        ("C01D1", "C{n}D1", False),
        ("CD1", "C{n}D1", False),
        ("C\u0661D1", "C{n}D1", False),
        ("C-1D1", "C{n}D1", False),
        ("c1d1", "C{n}D1", False),
        ("C1D1", "C1D1", False),
        ("C1", "C{n}1", False),
        ("C{n}D1", "C{n}D1", False),
    ],
)
def test_an_occurrence_is_a_number_from_one(code: str, cycle: str, *, fits: bool) -> None:
    """The codes that a protocol counts a cycle out to."""
    assert is_occurrence(code, cycle) is fits


def test_keys_that_no_visit_has_are_told() -> None:
    """Against a protocol: neither mode, visit, cycle nor declared unscheduled contact."""
    protocol = ts.load_protocol("cycles")
    assert "C1D1" in protocol.codes
    durations = dict.fromkeys(("phone", "C{n}D1", "C2D1", "C9{n}D1", "C99D1", "DOSE1"), "1 hour")
    clinic = ts.Clinic("UTC", durations=durations)
    assert clinic.unknown_codes(protocol) == ("C99D1", "C9{n}D1", "DOSE1")
    unscheduled = ts.Protocol("d", "1", "D0", [ts.Visit("D0", "home")], unscheduled=["UNS*"])
    clinic = ts.Clinic("UTC", durations=dict.fromkeys(("UNS1", "UNX1"), "1 hour"))
    assert clinic.unknown_codes(unscheduled) == ("UNX1",)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(1, "1 minute"), (15, "15 minutes"), (60, "1 hour"), (61, "1 hour 1 minute"), (150, "2 hours 30 minutes")],
)
def test_a_duration_in_words(minutes: int, text: str) -> None:
    """Hours, then minutes, what is zero left out."""
    assert duration_text(timedelta(minutes=minutes)) == text


@given(st.integers(1, 24 * 60))
def test_a_duration_in_words_reads_back(minutes: int) -> None:
    """Every duration there is."""
    length = timedelta(minutes=minutes)
    assert Durations({"V": duration_text(length)})["V"] == length


def test_a_clinic_is_a_frozen_value() -> None:
    """Equal by content whatever the order of its durations, hashable, not to be changed, printed as it is made."""
    twin = ts.Clinic("Europe/Warsaw", "pl", CONTACT, {"DOSE1": timedelta(hours=4), "phone": "PT15M"})
    assert twin == CLINIC
    assert hash(twin) == hash(CLINIC)
    assert len({twin, CLINIC, replace(CLINIC, language="en")}) == 2
    assert dict(CLINIC.durations) == {"phone": timedelta(minutes=15), "DOSE1": HOURS[4]}
    for owner, name in ((CLINIC, "zone"), (CONTACT, "phone")):
        with pytest.raises(FrozenInstanceError):
            setattr(owner, name, "x")
    with pytest.raises(TypeError):
        CLINIC.durations["phone"] = HOURS[1]  # type: ignore[index]
    names = {"Clinic": ts.Clinic, "Contact": ts.Contact, "Durations": Durations}
    assert eval(repr(CLINIC), names) == CLINIC  # noqa: S307 - our own text


def test_a_clinic_does_not_share_what_it_was_made_from() -> None:
    """Changing the dictionary afterwards changes nothing."""
    durations: dict[str, timedelta | str] = {"phone": "15 minutes"}
    clinic = ts.Clinic("UTC", durations=durations)
    durations["phone"] = "4 hours"
    assert clinic.duration("M06", "phone") == timedelta(minutes=15)


def test_replace_checks_again() -> None:
    """A field is exchanged as it is made."""
    assert replace(CLINIC, durations=Durations({"phone": "1 hour"})).durations == {"phone": HOURS[1]}
    with pytest.raises(ts.InvalidValueError):
        replace(CLINIC, zone="Warsaw")


@given(strategies.clinics())
def test_a_clinic_survives_pickle_and_copy(clinic: ts.Clinic) -> None:
    """The twin is equal and has the same hash."""
    for twin in (pickle.loads(pickle.dumps(clinic)), copy.deepcopy(clinic), replace(clinic)):  # noqa: S301 - our own bytes
        assert twin == clinic
        assert hash(twin) == hash(clinic)


def test_the_document_leaves_out_what_is_not_known() -> None:
    """Plain JSON values in reading order."""
    assert ts.Clinic("UTC").document() == {"schema": "trialsched/clinic/1", "zone": "UTC"}
    assert CLINIC.document() == {
        "schema": "trialsched/clinic/1",
        "zone": "Europe/Warsaw",
        "language": "pl",
        "contact": {
            "name": "Clinic 3",
            "address": "ul. Prosta 1\n00-001 Warszawa",
            "geo": [52.2297, 21.0122],
            "phone": "+48 22 123 45 67",
        },
        "durations": {"phone": "15 minutes", "DOSE1": "4 hours"},
    }


def test_the_clinic_is_light() -> None:
    """Importing it loads no third-party package and no time zones; these wait for the first clinic."""
    program = "import sys, trialsched\ntrialsched.Clinic\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, env=SOURCE)
    loaded = set(done.stdout.split())
    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names <= {"trialsched", "__main__"}
    assert not {"zoneinfo", "json", "trialsched.formats"} & loaded
