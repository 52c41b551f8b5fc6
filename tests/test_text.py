"""What text may hold."""

import csv
import io
import json
import tomllib
import unicodedata

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import _text as text


@pytest.mark.parametrize("character", ["\n", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\ud800", "\t"])
def test_control_characters_and_line_separators_are_named(character: str) -> None:
    """The first character that breaks lines or shows nothing is named by its code point."""
    assert text.unprintable(f"a{character}b") == f"U+{ord(character):04X}"


@pytest.mark.parametrize("words", ["Wizyta przesiewowa", "ł\u200dx", "a\u00a0b", "😀", ""])
def test_ordinary_text_is_let_through(words: str) -> None:
    """Letters of any script, joiners and non-breaking blanks are no control characters."""
    assert not text.unprintable(words)


def test_nfc_composes() -> None:
    """A letter and its combining mark become one character, as Unicode's own tables say."""
    assert text.nfc("o\u0301") == "\u00f3" == unicodedata.normalize("NFC", "o\u0301")


def test_the_nearest_word_ignores_case_and_gives_nothing_for_a_stranger() -> None:
    """A misspelt code finds its neighbour; an unlike one finds none."""
    assert text.nearest("dose", ["DOSE1", "M03"]) == "DOSE1"
    assert not text.nearest("zzz", ["DOSE1", "M03"])
    assert text.nearest_or("zzz", ["DOSE1"], "one of DOSE1") == "one of DOSE1"
    assert text.nearest_or("DOSE", ["DOSE1"], "") == "'DOSE1', the nearest one"


def test_an_unknown_visit_names_the_nearest_or_lists_what_there_is() -> None:
    """The message helps: the nearest code, else the first twenty."""
    assert "did you mean 'M06'?" in str(text.unknown_visit("M6", ["M03", "M06"]))
    codes = [f"V{n}" for n in range(30)]
    message = str(text.unknown_visit("qqq", codes))
    assert "V19 ..." in message
    assert "V20" not in message


# Unicode Standard Annex 9, section 2: embeddings, overrides, isolates and marks.
BIDI = [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\u200e", "\u200f", "\u061c"]
# Signs that stand before or around Arabic digits, and joints of hieroglyphs: format characters that are seen.
SEEN = {0x6DD, 0x70F, 0x8E2, 0x110BD, 0x110CD, *range(0x600, 0x606), 0x890, 0x891, *range(0x13430, 0x13440)}
JOINERS = {0x200C, 0x200D}


@pytest.mark.parametrize("character", [*BIDI, "\x1b", "\x9b", "\x07", "\r", "\n", "\t", "\x7f", "\u2028", "\u2029"])
def test_what_steers_a_terminal_is_named(character: str) -> None:
    """A control character, an end of line or a mark of direction is printed as its code point."""
    assert text.printable(f"a{character}b") == f"a<U+{ord(character):04X}>b"
    assert text.shown(f"a{character}b") == f"a<U+{ord(character):04X}>b"


def test_every_character_that_controls_and_shows_nothing_is_named() -> None:
    """Unicode's control, format, surrogate and line-ending characters are named, but those that are seen."""
    controls = [
        code
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and code not in SEEN | JOINERS
    ]
    assert len(controls) > 2000
    for code in controls:
        assert text.printable(chr(code)) == f"<U+{code:04X}>"


@pytest.mark.parametrize(
    "words",
    [
        "Wizyta przesiewowa: zażółć gęślą jaźń",
        "受診 第1回",
        "زيارة الفحص",
        "ביקור סינון",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian spells with a joiner
        "क्\u200dष",
        "👩\u200d⚕️",
        "14\u00a0dni, ±7",
        "Ṽ̃̂",
    ],
)
def test_words_of_every_script_are_printed_unchanged(words: str) -> None:
    """Letters, their marks, the joiners of their spelling and blanks that do not break stay as they are."""
    assert text.printable(words) == words == text.shown(words)


def test_a_joiner_that_only_hides_is_named() -> None:
    """Behind a Latin letter, or behind another joiner, a joiner makes two texts look alike."""
    assert text.printable("P01\u200d-007") == "P01<U+200D>-007"
    assert text.printable("\u200c") == "<U+200C>"
    assert text.printable("क\u200d\u200d") == "क\u200d<U+200D>"


def test_a_flood_of_marks_is_named_from_the_ninth() -> None:
    """Eight marks on a letter are printed, and nine are not; the next letter begins again."""
    mark = "\u0330"
    assert text.printable(f"e{mark * 8}e{mark * 8}") == f"e{mark * 8}e{mark * 8}"
    assert text.printable(f"e{mark * 10}") == f"e{mark * 8}<U+0330><U+0330>"


@pytest.mark.parametrize("letter", ["\u3164", "\u115f", "\u034f"])
def test_letters_that_nobody_sees_are_named(letter: str) -> None:
    """A filler or a joiner of graphemes is a letter or mark for Unicode, and nothing on the screen."""
    assert text.printable(f"a{letter}") == f"a<U+{ord(letter):04X}>"


def test_a_line_is_cut_at_its_bound_and_its_length_is_said() -> None:
    """4,000 characters are printed whole, of more the first 4,000, also when their names make them longer."""
    assert text.printable("x" * 4000) == "x" * 4000
    assert text.printable("x" * 4001) == "x" * 4000 + "... (4,001 characters)"
    assert text.printable("x" * 800_000) == "x" * 4000 + "... (800,000 characters)"
    named = text.printable("\x1b" * 4000)
    assert named == ("<U+001B>" * 500) + "... (4,000 characters)"
    assert text.printable("x" * 4001, None) == "x" * 4001


@given(st.text() | st.text("a\n\x1b\u202e\u200d\u0301\u3164<U+"))
def test_what_is_printable_stays_as_it_is(words: str) -> None:
    """Making a text printable twice is the same as once, and a text of ASCII without controls is untouched."""
    once = text.printable(words, None)
    assert text.printable(once, None) == once
    if words.isascii() and words.isprintable():
        assert once == words


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_json_is_safe_to_print_and_says_the_same(value: dict[str, object]) -> None:
    """What would be named is escaped, so that a program reads the value as it was."""
    for indent in (None, 2):
        document = text.json_text(value, indent=indent)
        assert json.loads(document) == value
        lines = document.split("\n")
        assert all(text._UNSAFE.search(line) is None for line in lines)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_toml_is_safe_to_print_and_says_the_same(value: str) -> None:
    """Escapes of basic strings (TOML 1.0) hold what would be named."""
    document = text.toml_text(tomli_w.dumps({"key": value, "more": {value: 1}}))
    assert tomllib.loads(document) == {"key": value, "more": {value: 1}}
    assert all(text._UNSAFE.search(line) is None for line in document.split("\n"))


def test_an_error_that_quotes_is_safe_to_print() -> None:
    """A code that nobody knows, or the id of a document, steers no traceback either."""
    assert str(text.unknown_visit("V\x1b[2K", ["DOSE1"])) == "V<U+001B>[2K: no visit 'V\\x1b[2K'; there are DOSE1"
    with pytest.raises(ts.UnknownProtocolError) as caught:
        ts.load_protocol("a\u202eb")
    assert str(caught.value).isprintable()


def test_what_was_read_is_shown_and_cut() -> None:
    """A text as it is, anything else as Python writes it, at most 200 characters; an endless number has words."""
    assert text.shown("a") == "a"
    assert text.shown(["a"]) == "['a']"
    assert text.shown("x" * 200) == "x" * 200
    assert text.shown("x" * 201) == "x" * 200 + "..."
    assert text.shown("\x1b" * 25) == "<U+001B>" * 25
    assert text.shown("\x1b" * 26) == "<U+001B>" * 25 + "..."
    assert text.shown(10**5000) == "int too long to be printed"
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert text.shown(deep) == "list too long to be printed"


# OWASP, CSV Injection: the signs, tab, carriage return, line feed, and the full-width signs.
SIGNS = ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("first", [*SIGNS, "\t", "\r", "\n", " =", "\u00a0+", '"=', "\ufeff@"])
def test_a_cell_that_a_spreadsheet_would_run_is_guarded(first: str) -> None:
    """An apostrophe before what begins a formula, one more before an apostrophe that is there already."""
    assert text.guarded(f"{first}1") == f"'{first}1"
    assert text.guarded(f"'{first}1") == f"''{first}1"
    assert text.unguarded(f"'{first}1") == f"{first}1"
    assert text.unguarded(f"''{first}1") == f"'{first}1"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "\n", "\r"])
@pytest.mark.parametrize("sign", [*SIGNS, " =", '""='])
def test_what_would_begin_a_cell_elsewhere_is_guarded(separator: str, sign: str) -> None:
    """A spreadsheet that separates there finds an apostrophe first (OWASP www-community, issue 443)."""
    assert text.guarded(f"a{separator}{sign}1") == f"'a{separator}'{sign}1"
    assert text.unguarded(f"'a{separator}'{sign}1") == f"a{separator}{sign}1"
    assert text.guarded(f"={separator}{sign}1") == f"'={separator}'{sign}1"


@pytest.mark.parametrize("words", ["", "a=1", "'tis", "'", "''", "5 kg", "(+48)", "a; b=1", "90\u2013120", "\u22125"])
def test_other_cells_are_neither_guarded_nor_stripped(words: str) -> None:
    """A sign inside a word, and an apostrophe of the text itself, stay."""
    assert text.guarded(words) == words
    assert text.unguarded(words) == words


@pytest.mark.parametrize("words", ["=1+1", "-5 kg", "@home", "+48", "a;'=1", "'tis; -5", "x, '-5 kg"])
def test_what_people_wrote_without_guard_stays(words: str) -> None:
    """A sign is no guard, and an apostrophe inside is one only beside the one at the beginning."""
    assert text.unguarded(words) == words


@pytest.mark.parametrize("words", ["'=1;=2", "'-2 kg, -3 cm"])
def test_a_cell_that_was_guarded_at_its_beginning_only_is_read(words: str) -> None:
    """Files of older versions have no apostrophes inside."""
    assert text.unguarded(words) == words[1:]


ODD = "'=+-@\t\r\n\" ,;|a\uff1d"


@given(st.text() | st.text(ODD))
def test_a_guarded_text_comes_back(words: str) -> None:
    """Taking the guard off gives back any text."""
    assert text.unguarded(text.guarded(words)) == words


@given(st.lists(st.text(ODD) | st.text(), min_size=1, max_size=4), st.sampled_from(",;\t|"), st.sampled_from(",;\t|"))
def test_no_separator_makes_a_formula_of_a_guarded_cell(cells: list[str], written: str, read: str) -> None:
    """Whatever a file is written with and a spreadsheet separates by, no cell of it begins with a sign."""
    out = io.StringIO()
    csv.writer(out, delimiter=written).writerow(map(text.guarded, cells))
    for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=read):
        for cell in row:
            assert cell.lstrip()[:1] not in set(SIGNS)
