"""Words of calendars: the sentences of each language, its dates and plurals, and what a language's file must hold."""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats import ical
from trialsched.formats.ical import words
from trialsched.formats.ical.words import Language, language, languages

ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
FOLDER = files("trialsched.formats.ical") / "languages"
EN, PL = language("en"), language("pl")
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLANS = st.one_of(
    strategies.plans(),
    *(strategies.plans(protocol=one) for one in (ALSTEM, ALSTEM.as_registered(), CYCLES)),
)


@given(PLANS)
def test_in_english_the_reason_is_that_of_the_row(plan: ts.Plan) -> None:
    """The English sentence of every row is `row.why`."""
    assert [EN.why(row) for row in plan] == [row.why for row in plan]


@given(PLANS)
def test_every_sentence_says_the_days_of_its_row(plan: ts.Plan) -> None:
    """In every language the code, the target, the reference and both ends of the window stand in it, once filled in."""
    for row in plan:
        for tag in languages():
            sentence = language(tag).why(row)
            assert sentence.startswith(f"{row.code} ")
            assert sentence.endswith(".")
            assert not set("{}\0") & set(sentence)
            for day in (row.target, row.reference, row.earliest, row.latest, *(limit.day for limit in row.limits)):
                assert day is None or day.isoformat() in sentence


CASES = ts.Protocol(
    "cases",
    "1",
    "D0",
    [
        ts.Visit("D0", "on-site", ts.Timing(window="±7 days")),
        ts.Visit("D30", "on-site", ts.Timing("30 days after D0", window="±1 day")),
        ts.Visit("M3", "on-site", ts.Timing("3 months after D0", window="±2 weeks", assumed=True)),
        ts.Visit("PRE", "phone", "1 day before D0"),
        ts.Visit("FAR", "phone", ts.Timing("3 months 2 days before D0")),
        ts.Visit("MB", "phone", ts.Timing("1 month before D0")),
        ts.Visit("M2", "on-site", ts.Timing("2 months after D0", window="±1 month")),
        ts.Visit("M5", "on-site", ts.Timing("5 months after D0", window="-3/+10 days")),
        ts.Visit("M22", "on-site", ts.Timing("22 months after D0", window="-0 days/+1 month 5 days")),
        ts.Visit("LIM", "on-site", ts.Timing("12 days after D30", window="±20 days", not_after="2 months after D0")),
        ts.Visit("NONE", "on-site", ts.Timing("on M5", window="±3 days", not_before="1 month after M5")),
    ],
)
WHOLE = ts.Subject("S", baseline=date(2026, 1, 15))
MONTH_END = ts.Subject("S", baseline=date(2026, 1, 31))
D0 = "data wyjściowa 2026-01-15"


# Written by hand; dates from a paper calendar: 2026 is no leap year, 2 March is 30 days after 31 January.
@pytest.mark.parametrize(
    ("subject", "code", "expected"),
    [
        (
            WHOLE,
            "D0",
            f"D0 to wizyta odniesienia, jej termin docelowy to {D0}; okno ±7 dni: od 2026-01-08 do 2026-01-22.",
        ),
        (
            replace(WHOLE, baseline_status="provisional"),
            "D0",
            (
                "D0 to wizyta odniesienia, jej termin docelowy to wstępna data wyjściowa 2026-01-15; "
                "okno ±7 dni: od 2026-01-08 do 2026-01-22."
            ),
        ),
        (
            WHOLE,
            "D30",
            f"D30 przypada 30 dni po D0 ({D0}): 2026-02-14; okno ±1 dzień: od 2026-02-13 do 2026-02-15.",
        ),
        (
            replace(WHOLE, baseline_status="provisional"),
            "D30",
            f"D30 przypada 30 dni po D0 ({D0}): 2026-02-14, wstępnie; okno ±1 dzień: od 2026-02-13 do 2026-02-15.",
        ),
        (
            WHOLE.attended("D0", date(2026, 1, 16)),
            "D30",
            (
                "D30 przypada 30 dni po D0 (data odbycia 2026-01-16): 2026-02-15; "
                "okno ±1 dzień: od 2026-02-14 do 2026-02-16."
            ),
        ),
        (
            WHOLE,
            "M3",
            (
                f"M3 przypada 3 miesiące po D0 ({D0}): 2026-04-15; "
                "okno przyjęte, nie z protokołu, ±14 dni: od 2026-04-01 do 2026-04-29."
            ),
        ),
        (WHOLE, "PRE", f"PRE przypada 1 dzień przed D0 ({D0}): 2026-01-14; bez okna."),
        (WHOLE, "MB", f"MB przypada 1 miesiąc przed D0 ({D0}): 2025-12-15; bez okna."),
        (WHOLE, "FAR", f"FAR przypada 3 miesiące 2 dni przed D0 ({D0}): 2025-10-13; bez okna."),
        (
            WHOLE,
            "M5",
            f"M5 przypada 5 miesięcy po D0 ({D0}): 2026-06-15; okno -3/+10 dni: od 2026-06-12 do 2026-06-25.",
        ),
        (
            WHOLE,
            "M22",
            (
                f"M22 przypada 22 miesiące po D0 ({D0}): 2027-11-15; "
                "okno -0 dni/+1 miesiąc 5 dni: od 2027-11-15 do 2027-12-20."
            ),
        ),
        (
            MONTH_END,
            "M3",
            (
                "M3 przypada 3 miesiące po D0 (data wyjściowa 2026-01-31): 2026-04-30, po cofnięciu na ostatni dzień "
                "miesiąca 2026-04 (nie ma w nim dnia 31); "
                "okno przyjęte, nie z protokołu, ±14 dni: od 2026-04-16 do 2026-05-14."
            ),
        ),
        (
            MONTH_END,
            "M2",
            (
                "M2 przypada 2 miesiące po D0 (data wyjściowa 2026-01-31): 2026-03-31; okno ±1 miesiąc: "
                "od 2026-02-28 do 2026-04-30, licząc w miesiącach, z cofnięciem na ostatni dzień krótszego miesiąca."
            ),
        ),
        (
            WHOLE,
            "LIM",
            (
                "LIM przypada 12 dni po D30 (termin docelowy 2026-02-14): 2026-02-26; "
                f"nie później niż 2026-03-15, 2 miesiące po D0 ({D0}); okno ±20 dni: od 2026-02-06 do 2026-03-15."
            ),
        ),
        (
            WHOLE.booked("D30", date(2026, 2, 20)),
            "LIM",
            (
                "LIM przypada 12 dni po D30 (data umówiona 2026-02-20): 2026-03-04; "
                f"nie później niż 2026-03-15, 2 miesiące po D0 ({D0}); okno ±20 dni: od 2026-02-12 do 2026-03-15."
            ),
        ),
        (
            WHOLE,
            "NONE",
            (
                "NONE przypada w dniu wizyty M5 (termin docelowy 2026-06-15): 2026-06-15; "
                "nie wcześniej niż 2026-07-15, 1 miesiąc po M5 (termin docelowy 2026-06-15); "
                "okno ±3 dni: ograniczenia nie pozostawiają żadnego dnia."
            ),
        ),
    ],
)
def test_reasons_in_polish(subject: ts.Subject, code: str, expected: str) -> None:
    """Every part of the sentence in Polish, the words declined by their number."""
    plan = ts.schedule(CASES, subject)
    assert PL.why(plan[code]) == expected
    assert EN.why(plan[code]) == plan[code].why


@pytest.mark.parametrize(
    ("offset", "polish"),
    [
        ("0 days", "0 dni"),
        ("1 day", "1 dzień"),
        ("2 days", "2 dni"),
        ("11 days", "11 dni"),
        ("22 days", "22 dni"),
        ("1 month", "1 miesiąc"),
        ("2 months", "2 miesiące"),
        ("4 months", "4 miesiące"),
        ("5 months", "5 miesięcy"),
        ("12 months", "12 miesięcy"),
        ("14 months", "14 miesięcy"),
        ("21 months", "21 miesięcy"),
        ("24 months", "24 miesiące"),
        ("25 months", "25 miesięcy"),
        ("112 months", "112 miesięcy"),
        ("122 months", "122 miesiące"),
        ("1 year 1 day", "12 miesięcy 1 dzień"),
    ],
)
def test_polish_numbers_decline_their_noun(offset: str, polish: str) -> None:
    """1 miesiąc; 2 to 4, 22 to 24 ... miesiące, but 12 to 14 and all others miesięcy."""
    assert PL.offset(ts.Offset.parse(offset)) == polish


@given(strategies.offsets(), strategies.windows(max_days=400, max_months=24))
def test_in_english_offsets_and_windows_are_those_of_the_library(offset: ts.Offset, window: ts.Window) -> None:
    """English words are what `str` gives."""
    assert EN.offset(offset) == str(offset)
    assert EN.window(window) == EN.window_words(window) == str(window)


@pytest.mark.parametrize(
    ("window", "polish"),
    [
        ("±0 days", "±0 dni"),
        ("±1 day", "±1 dzień"),
        ("±1 month", "±1 miesiąc"),
        ("-3/+1 days", "-3/+1 dzień"),
        ("-0/+3 days", "-0/+3 dni"),
        ("-1 month/+10 days", "-1 miesiąc/+10 dni"),
    ],
)
def test_windows_in_polish(window: str, polish: str) -> None:
    """The sign, the number, the declined noun; days on both sides name it once."""
    assert PL.window_words(ts.Window.parse(window)) == polish


WEEK = [date(2026, 3, 2) + timedelta(days) for days in range(7)]  # from a Monday


def test_days_for_staff() -> None:
    """The weekday in words beside the date as ISO 8601 writes it."""
    assert [EN.day(day) for day in WEEK] == [
        "Monday 2026-03-02",
        "Tuesday 2026-03-03",
        "Wednesday 2026-03-04",
        "Thursday 2026-03-05",
        "Friday 2026-03-06",
        "Saturday 2026-03-07",
        "Sunday 2026-03-08",
    ]
    assert [PL.day(day) for day in WEEK] == [
        "2026-03-02 (poniedziałek)",
        "2026-03-03 (wtorek)",
        "2026-03-04 (środa)",
        "2026-03-05 (czwartek)",
        "2026-03-06 (piątek)",
        "2026-03-07 (sobota)",
        "2026-03-08 (niedziela)",
    ]


# The first of each month of 2026: a Thursday, then counted on by the lengths of the months.
FIRSTS = {
    "1 stycznia 2026 r. (czwartek)": "Thursday 1 January 2026",
    "1 lutego 2026 r. (niedziela)": "Sunday 1 February 2026",
    "1 marca 2026 r. (niedziela)": "Sunday 1 March 2026",
    "1 kwietnia 2026 r. (środa)": "Wednesday 1 April 2026",
    "1 maja 2026 r. (piątek)": "Friday 1 May 2026",
    "1 czerwca 2026 r. (poniedziałek)": "Monday 1 June 2026",
    "1 lipca 2026 r. (środa)": "Wednesday 1 July 2026",
    "1 sierpnia 2026 r. (sobota)": "Saturday 1 August 2026",
    "1 września 2026 r. (wtorek)": "Tuesday 1 September 2026",
    "1 października 2026 r. (czwartek)": "Thursday 1 October 2026",
    "1 listopada 2026 r. (niedziela)": "Sunday 1 November 2026",
    "1 grudnia 2026 r. (wtorek)": "Tuesday 1 December 2026",
}


def test_dates_in_words() -> None:
    """For participants the whole date is in words; a Polish month stands in the genitive."""
    days = [date(2026, month, 1) for month in range(1, 13)]
    assert [PL.date(day) for day in days] == list(FIRSTS)
    assert [EN.date(day) for day in days] == list(FIRSTS.values())


# Which languages there are, and which is meant.


def test_the_languages_there_are() -> None:
    """English and Polish, each with all its words."""
    assert ical.languages() == ("en", "pl")


@pytest.mark.parametrize("tag", ["pl", "PL", "pl-PL", "pl_PL", "pl-Latn-PL"])
def test_a_region_falls_back_to_its_language(tag: str) -> None:
    """A tag without a file of its own is its first part, in any case of letters."""
    assert language(tag) is PL


@pytest.mark.parametrize("tag", ["", "de", "xx-PL", "polski", "../pl", "p", "en.toml", "-pl", " pl"])
def test_a_language_without_a_file_is_refused(tag: str) -> None:
    """What was read, which there are, and where it was said."""
    with pytest.raises(ts.InvalidValueError, match=re.escape(f"read {tag!r}, expected")) as caught:
        language(tag, "clinic.language")
    assert caught.value.where == "clinic.language"
    assert "'en'" in str(caught.value) or "'pl'" in str(caught.value)


@pytest.mark.parametrize("tag", [None, 5, ["pl"], b"pl"])
def test_a_language_is_a_text(tag: Any) -> None:  # noqa: ANN401
    """Anything else is the library's own error, also what has no hash."""
    with pytest.raises(ts.InvalidTypeError, match="a language tag is meant, such as 'pl'") as caught:
        language(tag, "subject.language")
    assert caught.value.where == "subject.language"


# What a language's file holds.


def phrases(tag: str) -> dict[str, Any]:
    """Return what a language's file says."""
    return tomllib.loads((FOLDER / f"{tag}.toml").read_text("utf-8"))


def flat(table: dict[str, Any], path: str = "") -> dict[str, str]:
    """Return the phrases by their whole path."""
    found: dict[str, str] = {}
    for key, value in table.items():
        found.update(flat(value, f"{path}{key}.") if isinstance(value, dict) else {path + key: value})
    return found


def fields(phrase: str) -> list[str]:
    """Return the placeholders of a phrase."""
    return sorted(name for _, name, _, _ in Formatter().parse(phrase) if name is not None)


def faults(file: dict[str, Any]) -> list[str]:
    """Return what a language's file lacks, has too much, or says otherwise than the English one."""
    own, english = flat(file), flat(phrases("en"))
    found = [f"{path}: missing" for path in english.keys() - own.keys()]
    found += [f"{path}: unknown" for path in own.keys() - english.keys()]
    found += [f"{path}: not a text" for path, text in own.items() if not isinstance(text, str) or not text.strip()]
    for path in english.keys() & own.keys() - {"date"}:
        if isinstance(own[path], str) and fields(own[path]) != fields(english[path]):
            found.append(f"{path}: {fields(own[path])}, expected {fields(english[path])}")
    return sorted(found)


@pytest.mark.parametrize("tag", languages())
def test_every_language_has_the_same_phrases_and_placeholders(tag: str) -> None:
    """No key is missing, none too many, and each says all that the English one says, once."""
    assert faults(phrases(tag)) == []


@pytest.mark.parametrize("path", sorted(flat(phrases("en"))))
def test_a_phrase_or_placeholder_that_is_missing_is_found(path: str) -> None:
    """The test above sees each phrase that is left out, and each placeholder that is misspelt, doubled or left out."""
    broken: list[tuple[str, str | None]] = [(path, None)]
    text = flat(phrases("pl"))[path]
    if path != "date":
        changed = [text.replace(f"{{{name}}}", new) for name in fields(text) for new in ("", "{x}", f"{{{name}}}" * 2)]
        broken += [(path, new) for new in changed]
    for place, new in broken:
        file = phrases("pl")
        table, *rest = place.split(".")
        holder = file if not rest else file[table]
        for key in rest[:-1]:
            holder = holder[key]
        key = rest[-1] if rest else table
        if new is None:
            del holder[key]
        else:
            holder[key] = new
        assert [fault.partition(":")[0] for fault in faults(file)] == [path]


def test_nothing_is_left_in_english() -> None:
    """No Polish phrase is the English one, but for those that are placeholders and punctuation only."""
    english, polish = flat(phrases("en")), flat(phrases("pl"))
    same = {path for path in english if english[path] == polish[path]}
    assert {re.sub(r"\{\w+\}|\W", "", english[path]) for path in same} <= {""}
    foreign = {"the", "visit", "window", "date", "day", "days", "after", "before", "mode", "of", "target", "baseline"}
    for path, phrase in polish.items():
        if path != "date":
            assert not foreign & set(re.findall(r"\w+", re.sub(r"\{\w+\}", "", phrase).lower())), path


def test_what_the_issue_of_the_calendars_asks_for_word_by_word() -> None:
    """A numbered visit and a phone call in both languages."""
    for tag, visit, call in (
        ("en", "Visit 10 of 17", "We will phone you"),
        ("pl", "Wizyta 10 z 17", "Zadzwonimy do Pani/Pana"),
    ):
        said = language(tag).participant
        assert said["summary"].format(number=10, total=17) == visit
        assert said["modes"]["phone"] == call


# One more language is one more file.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy of the folder of languages that is used instead of it."""
    (tmp_path / "languages").mkdir()
    for tag in ("en", "pl"):
        (tmp_path / "languages" / f"{tag}.toml").write_bytes((FOLDER / f"{tag}.toml").read_bytes())
    here: Callable[[str], Path] = lambda _: tmp_path  # noqa: E731 - takes the place of a function
    monkeypatch.setattr(words, "files", here)
    languages.cache_clear()
    words._loaded.cache_clear()
    yield tmp_path / "languages"
    monkeypatch.undo()
    languages.cache_clear()
    words._loaded.cache_clear()


def test_a_further_language_is_one_more_file(folder: Path) -> None:
    """A file named by its tag is a language, its weekdays, months and plurals those of pendulum's locale."""
    text = (folder / "en.toml").read_text("utf-8")
    text = text.replace('summary      = "Visit {number} of {total}"', 'summary = "Besuch {number} von {total}"')
    text = text.replace('"dddd D MMMM YYYY" ', '"dddd, D. MMMM YYYY"').replace('"{offset} after', '"{offset} nach')
    (folder / "de.toml").write_text(text, "utf-8")
    assert languages() == ("de", "en", "pl")
    german = language("de-AT")
    assert german.tag == "de"
    assert german.date(date(2026, 3, 4)) == "Mittwoch, 4. März 2026"
    assert german.day(date(2026, 3, 4)) == "Mittwoch 2026-03-04"
    assert german.offset(ts.Offset(3, 1)) == "3 Monate 1 Tag"
    plan = ts.schedule(CASES, WHOLE)
    assert german.why(plan["D30"]).startswith("D30 is 30 Tage nach D0 (baseline 2026-01-15): 2026-02-14")
    data = ical.dumps(plan, stamp=STAMP, style=ical.Style("participant", language="de"))
    assert b"\r\nSUMMARY:Besuch 4 von 11\r\n" in data


def test_a_file_of_a_region_comes_before_that_of_its_language(folder: Path) -> None:
    """'en-GB' is its own file when there is one, however the tag is written."""
    (folder / "en-gb.toml").write_bytes((folder / "en.toml").read_bytes())
    assert [language(tag).tag for tag in ("en", "en-US", "en-GB", "en_gb")] == ["en", "en", "en-gb", "en-gb"]
    assert language("en-GB").date(date(2026, 3, 4)) == "Wednesday 4 March 2026"


def test_a_language_that_pendulum_does_not_know_is_refused() -> None:
    """Its weekdays, months and plurals come from there: a file alone is no language."""
    with pytest.raises(ts.InvalidValueError, match="there is no locale 'xx' in pendulum"):
        Language("xx", phrases("en"))
