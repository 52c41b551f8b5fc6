"""What is said of bytes that are not UTF-8."""

import pytest

from trialsched._encodings import not_utf8, utf16, what_it_is

POLISH = "po łóżku"


def refused(data: bytes) -> UnicodeDecodeError:
    """Return what Python says of bytes that are not UTF-8."""
    with pytest.raises(UnicodeDecodeError) as caught:
        data.decode()
    return caught.value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", [0, 3])
def test_windows_1250_is_told_by_a_word_with_polish_letters(end: str, before: int) -> None:
    """The line, counted from 1 whatever the line ends, after lines that were read already; the first such word."""
    data = end.join(["first", "second", POLISH, "last"]).encode("cp1250")
    assert what_it_is(refused(data), before) == (before + 3, "not UTF-8, it looks like Windows-1250 ('łóżku')")


@pytest.mark.parametrize("bad", [b"M\xfcller", b"\xff", b"\x81\xb9", b"\x9d", "ł".encode()[:1]])
def test_no_other_encoding_is_guessed(bad: bytes) -> None:
    """A German name, bytes that Windows-1250 does not have, half of a letter."""
    assert what_it_is(refused(b"x\n" + bad + b"\n")) == (2, "not UTF-8")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_told_by_its_mark(encoding: str) -> None:
    """Only at the beginning: what comes after whole lines that were read has no mark."""
    data = "\ufeffid".encode(encoding)
    assert what_it_is(refused(data)) == (1, "UTF-16")
    assert what_it_is(refused(data), 1) == (2, "not UTF-8")


@pytest.mark.parametrize(
    ("text", "found"), [("i\0d\0", True), ("\0i\0d", True), ("id = 1", False), ("", False), ("id = 1\na\0b", False)]
)
def test_utf16_without_a_mark_is_told_by_its_first_line(text: str, found: bool) -> None:  # noqa: FBT001 - a case
    """ASCII letters of UTF-16 are read as UTF-8 with a NUL beside each; no line of a text has one."""
    assert utf16(text) is found


def test_lists_are_told_in_the_words_of_excel() -> None:
    """The line and how to save it; the name under which Excel offers UTF-16."""
    assert str(not_utf8(refused(b"x\n\xff"), 3)) == 'line 5: not UTF-8: save the file as "CSV UTF-8"'
    excel = 'line 1: UTF-16, which Excel calls "Unicode Text": save the file as "CSV UTF-8"'
    assert str(not_utf8(refused("\ufeffx".encode("utf-16-le")))) == excel
    assert str(not_utf8()) == excel
