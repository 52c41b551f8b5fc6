"""What every result says of where it comes from."""

import re
from datetime import date, time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import trialsched as ts
from trialsched.formats.results.facts import (
    cell,
    dates_as_json,
    end_as_json,
    facts_as_json,
    facts_in_words,
    in_words,
    origin_of,
    protocol_as_json,
    record_as_json,
)

DEMO = ts.Protocol(
    "demo", "1", "D0", [ts.Visit("D0", "on-site", ts.Timing(window="±1 day", assumed=True))], arms=["A|"]
)
SUBJECT = ts.Subject("S", baseline=date(2026, 3, 2), arm="A|")


def test_the_protocol_is_named_by_its_fingerprint() -> None:
    """As JSON and in words, the variant where there is one."""
    variant = DEMO.as_registered()
    assert protocol_as_json(variant) == {
        "id": "demo",
        "version": "1",
        "variant": "as-registered",
        "sha256": variant.fingerprint,
    }
    assert origin_of(DEMO) == f"protocol demo 1, sha256 {DEMO.fingerprint}; trialsched {ts.__version__}"
    assert origin_of(variant).startswith("protocol demo 1 (as-registered), sha256 ")


def test_what_the_dates_count_from() -> None:
    """Arm, baseline and its status, day zero and where it comes from, the end and its reason."""
    plan = ts.schedule(DEMO, SUBJECT.attended("D0", date(2026, 3, 3)).end(date(2026, 3, 9)))
    assert facts_as_json(plan) == {
        "arm": "A|",
        "baseline": "2026-03-02",
        "baseline_status": "planned",
        "day_zero": "2026-03-03",
        "day_zero_source": "attended",
    }
    assert end_as_json(plan.subject) == {"ended": "2026-03-09", "end_reason": None}
    words = "Arm A&#124;. Baseline 2026-03-02, day zero 2026-03-03 (attended), ended 2026-03-09 (no reason given)"
    assert facts_in_words(plan) == words
    plain = ts.Subject("S", baseline=date(2026, 3, 2), baseline_status="provisional")
    words = "Baseline 2026-03-02 (provisional), day zero 2026-03-02 (baseline)"
    assert facts_in_words(ts.schedule(DEMO, plain)) == words
    assert end_as_json(plain) == {"ended": None, "end_reason": None}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (ts.VisitRecord("UNS1", attended=date(2026, 4, 9)), "UNS1 attended 2026-04-09"),
        (ts.VisitRecord("UNS1", booked=date(2026, 4, 8), attended=date(2026, 4, 9)), "UNS1 attended 2026-04-09"),
        (ts.VisitRecord("UNS1", attended=date(2026, 4, 9), outcome="withheld"), "UNS1 withheld 2026-04-09"),
        (ts.VisitRecord("UNS1", booked=date(2026, 4, 9)), "UNS1 booked 2026-04-09"),
        (ts.VisitRecord("UNS1", booked=date(2026, 4, 9), outcome="missed"), "UNS1 missed booked 2026-04-09"),
        (ts.VisitRecord("UNS1"), "UNS1"),
    ],
)
def test_a_record_in_words(record: ts.VisitRecord, words: str) -> None:
    """What happened, else what was agreed."""
    assert in_words(record) == words


def test_a_record_as_json() -> None:
    """Dates ISO 8601, times in minutes, null where there is none."""
    record = ts.VisitRecord("V", booked=date(2026, 4, 9), booked_time=time(0, 0), mode="phone")
    booked = {"booked": "2026-04-09", "booked_time": "00:00", "attended": None}
    assert record_as_json(record) == {"visit": "V", **booked, "mode": "phone", "outcome": None}
    assert dates_as_json(ts.VisitRecord("V", attended=ts.PartialDate(2026))) == {
        "booked": None,
        "booked_time": None,
        "attended": "2026",
    }


def test_nothing_in_a_cell_acts_as_markup() -> None:
    """A reference or a backslash for every character that Markdown obeys; what controls is named, on one line."""
    assert cell("a|*_`<[]!&~#\\") == "a&#124;\\*\\_&#96;&lt;\\[\\]\\!&amp;&#126;\\#\\\\"
    assert cell("https://www.example.org 09:30 1.5") == "https&#58;//www&#46;example&#46;org 09:30 1.5"
    assert cell("a\n\u202e") == "a&lt;U+000A&gt;&lt;U+202E&gt;"
    assert not cell(None)
    assert cell(3) == "3"


MARKUP = st.sampled_from(
    [
        *"\\<>&|*_`[]()!#~$^{}:@./-+=\"' aw1",
        "<img src=x>",
        "&lt;",
        "&copy;",
        "www.",
        "https://",
        "e.org",
        "<!--",
        "[a](b)",
    ]
)


class Text(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.text, self.tags = "", set[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Keep a tag."""
        del attrs
        self.tags.add(tag)

    def handle_comment(self, data: str) -> None:
        """Keep that there is a comment."""
        self.tags.add(f"<!--{data}")

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.text += data


@pytest.mark.parametrize("place", ["* note {}", "## {} end", "| head |\n| --- |\n| {} end |"])
@given(words=st.lists(MARKUP, min_size=1, max_size=12).map("".join))
def test_another_program_shows_a_cell_as_it_is(place: str, words: str) -> None:
    """A reader of GitHub's Markdown, live HTML included, finds text only, in a list, a heading and a table."""
    page = Text()
    page.feed(
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(place.format(cell(words)))
    )
    page.close()
    assert page.tags <= {"ul", "li", "h2", "table", "thead", "tbody", "tr", "th", "td"}
    expected = place.replace("* ", "").replace("## ", "").replace("|", "").replace("---", "").format(words)
    assert page.text.split() == expected.split()


@pytest.mark.parametrize("words", ["\\<img src=x onerror=alert(1)>", "a\\|b", "\\&copy;", "\\~~x\\~~", "\\`x\\`"])
def test_no_backslash_stands_before_what_only_some_programs_know(words: str) -> None:
    """The first Markdown knows a backslash before few characters: before `<` it is text, and the tag is live."""
    kept = cell(words)
    assert not re.search(r"(?<!\\)(?:\\\\)*\\[<>&|~`]", kept)
    assert not set("<>|~`") & set(kept)


def test_study_days_from_another_visit_in_words() -> None:
    """Markdown says which visit, its date and where that comes from; nothing where it is the anchor."""
    visits = [ts.Visit("RAND", "on-site"), ts.Visit("V_1", "on-site", "3 days after RAND")]
    protocol = ts.Protocol("rf", "1", "RAND", visits, study_days_from="V_1")
    plan = ts.schedule(protocol, ts.Subject("S1", baseline=date(2026, 1, 15)).booked("V_1", date(2026, 1, 20)))
    words = "Baseline 2026-01-15, day zero 2026-01-15 (baseline), study days from V\\_1 2026-01-20 (booked)"
    assert facts_in_words(plan) == words
