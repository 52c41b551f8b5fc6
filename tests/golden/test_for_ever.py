"""What may never change: UIDs of calendar events, fingerprints of the bundled protocols.

If one of these fails, the change is wrong, not the test: files that people imported could no longer be updated, and
outputs could no longer be traced to their protocol.
"""

import pytest

import trialsched as ts
from trialsched.formats import ical

# Computed by Node.js (crypto.createHash('sha1'), RFC 9562 section 5.5) from the namespace
# afc55f27-d4ef-457a-a82d-d92d6e163031 and the four texts in NFC joined by U+001F.
UIDS = [
    (("alstem", "P01-007", "DOSE1", "visit"), "3f846907-3666-5493-9a35-d791e1d1406c"),
    (("alstem", "P01-007", "DOSE2", "visit"), "1c33f76a-d8ca-5a08-9061-7bcc66b063d5"),
    (("alstem", "P01-007", "M06", "visit"), "fb3fda9c-808b-5953-9a4d-53c911db637c"),
    (("alstem", "P01-007", "M06", "window"), "76ecab71-cdcb-5e13-b46f-47004d1b06e0"),
    (("alstem", "P01-008", "DOSE1", "visit"), "5027deed-1e9b-510d-91b4-fa5065f14dfe"),
    (("alstem", "p01-007", "DOSE1", "visit"), "8b192d4b-d25d-5982-8f27-c8e9c361f2f5"),
    (("cycles", "P01-007", "RAND", "visit"), "4a61755f-f81a-5e0b-8d56-1d4dfcf00b23"),
    (("a secret key", "P01-007", "DOSE1", "visit"), "6a7f7250-33eb-519a-b969-6e87c1b9c1e0"),
    (("alstem", "Łódź 3", "SCR1", "visit"), "2399be55-6976-5e09-a192-4f313b617b1c"),
    (("alstem", "s,1;\\", "C1D1", "visit"), "41394c24-4cfa-5a78-b0b6-6e20055073a5"),
]

# Computed by Node.js: the TOML file read by smol-toml 1.4, weeks and years written as days and months, keys sorted,
# JSON.stringify, crypto.createHash('sha256').
FINGERPRINTS = {
    "alstem": "c2e5fe867d4aca49559b4f1df7567d5c9f304f5ab38f172c9c6cedbef6ac46e8",
    "cycles": "81388021134dd6c074469e640a3626fbc5aa6871b2433e17b9d357ce9fc4d675",
}


@pytest.mark.parametrize(("texts", "expected"), UIDS)
def test_a_uid_is_for_ever(texts: tuple[str, str, str, str], expected: str) -> None:
    """The UID of an event is what another program computed."""
    assert ical.uid(*texts) == expected


def test_a_uid_does_not_depend_on_how_an_accent_is_typed() -> None:
    """Texts are in NFC before they are hashed."""
    assert ical.uid("alstem", "Lo\u0301dz\u0301", "V") == ical.uid("alstem", "L\u00f3d\u017a", "V")


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_a_fingerprint_is_for_ever(name: str) -> None:
    """The fingerprint of a bundled protocol is what another program computed."""
    assert ts.load_protocol(name).fingerprint == FINGERPRINTS[name]
