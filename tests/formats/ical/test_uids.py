"""Names of events: for ever the same, different for everything that is different, telling nothing."""

import hashlib
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched.formats.ical import UID_NAMESPACE, uid
from trialsched.formats.ical.uids import event_name, owner_name, study_key_of

PLAIN = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20)
ROLES = ("visit", "window")


def version_5(*parts: str) -> str:
    """Work a UUID of version 5 out by hand (RFC 9562, section 5.5): SHA-1 of namespace and name, cut and marked."""
    name = unicodedata.normalize("NFC", "\x1f".join(parts)).encode()
    octets = bytearray(hashlib.sha1(UID_NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    digits = octets.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@given(PLAIN, PLAIN, PLAIN, st.sampled_from(ROLES))
def test_a_uid_is_a_uuid_of_four_texts(key: str, subject: str, visit: str, role: str) -> None:
    """Version 5 of study key, subject, visit and role, in this order, in NFC."""
    assert (
        uid(key, subject, visit, role) == event_name(key, subject, visit, role) == version_5(key, subject, visit, role)
    )


@given(PLAIN, PLAIN)
def test_the_mark_of_a_subject_is_a_uuid_of_two_texts(key: str, subject: str) -> None:
    """Version 5 of study key and subject: no event's own name."""
    assert owner_name(key, subject) == version_5(key, subject)


def test_one_name_for_one_thing() -> None:
    """Whatever differs gives another name; no text runs into the next one."""
    made = [
        uid("k", "s", "v"),
        uid("k", "s", "v", "window"),
        uid("k", "s", "w"),
        uid("k", "t", "v"),
        uid("j", "s", "v"),
        uid("s", "k", "v"),
        uid("ks", "v", "v"),
        uid("k", "sv", "v"),
        uid("K", "s", "v"),
        owner_name("k", "s"),
        owner_name("ks", "v"),
    ]
    assert len(set(made)) == len(made)
    assert uid("k", "s", "v") == uid("k", "s", "v", "visit")
    assert uid("o\u0301", "s", "v") == uid("\u00f3", "s", "v")


@pytest.mark.parametrize("bad", ["", "a\nb", "\x1f", "\u2028", "\ud800", None, 5, b"k"])
def test_texts_that_name_nothing(bad: Any) -> None:  # noqa: ANN401
    """What could run into the next text, or is none, is refused where it stands."""
    for where, texts in (
        ("study_key", (bad, "s", "v")),
        ("subject", ("k", bad, "v")),
        ("visit", ("k", "s", bad)),
    ):
        with pytest.raises(ts.InvalidValueError, match="a text of printable characters is meant, not empty") as caught:
            uid(*texts)
        assert caught.value.where == where


@pytest.mark.parametrize("role", ["", "Visit", "alarm", None])
def test_roles_that_there_are_not(role: Any) -> None:  # noqa: ANN401
    """A visit or its window."""
    with pytest.raises(ts.InvalidValueError, match="expected 'visit' or 'window'") as caught:
        uid("k", "s", "v", role)
    assert caught.value.where == "role"


PLAN = ts.schedule(
    ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site")]), ts.Subject("S", baseline=date(2026, 3, 2))
)


def test_the_study_key_is_the_protocols_id_unless_given() -> None:
    """Never its version or variant."""
    assert study_key_of(PLAN, None) == "demo"
    assert study_key_of(PLAN, "another") == "another"


@pytest.mark.parametrize("bad", ["", "secret\n", "\x1fsecret", 5, b"secret"])
def test_a_study_key_that_is_none_is_not_shown(bad: Any) -> None:  # noqa: ANN401
    """It may be a secret: the message says what is meant, not what was read."""
    with pytest.raises(ts.InvalidValueError, match="a study key is a text of printable characters") as caught:
        study_key_of(PLAN, bad)
    assert caught.value.where == "study_key"
    assert "secret" not in str(caught.value)
