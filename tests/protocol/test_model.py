"""The protocol as a whole."""

import pickle
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

import trialsched as ts
from trialsched import strategies

D0 = ts.Visit("D0", "on-site", ts.Timing(window="±1 day"))
ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")


def test_a_protocol_is_frozen() -> None:
    """Nothing of a protocol can be set."""
    with pytest.raises(FrozenInstanceError):
        ALSTEM.version = "2"  # type: ignore[misc]


def test_head_and_meta_are_checked() -> None:
    """Id, version and everything said about a protocol are checked."""
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("1x", " ", "D0", [D0])
    assert [p.where for p in caught.value.problems] == ["id", "version"]
    meta: Any = ts.Meta
    with pytest.raises(ts.ProtocolError) as caught:
        meta({"?": "x"}, in_force=datetime(2026, 1, 1, tzinfo=UTC), sources=["a", "a"], registry_ids="N", variant="v")
    assert [p.where for p in caught.value.problems] == ["title.?", "in_force", "sources[1]", "registry_ids", "variant"]
    with pytest.raises(ts.ProtocolError) as caught:
        ts.Protocol("demo", "1", "D0", [D0], meta="x")  # type: ignore[arg-type]
    assert [p.where for p in caught.value.problems] == ["meta"]


def test_visits_are_found_by_code() -> None:
    """`visit` gives the expanded visit or names the nearest code."""
    assert CYCLES.visit("C2D8").code == "C2D8"
    with pytest.raises(ts.UnknownVisitError, match="did you mean 'C2D8'"):
        CYCLES.visit("c2d8")


def test_rows_of_an_arm() -> None:
    """An arm has its visits and the common ones; without an arm only the common ones."""
    assert [v.code for v in CYCLES.rows("B")] == ["SCR", "RAND", "INF1", "INF2", "INF3", "SAFE", "M06", "M07"]
    assert [v.code for v in CYCLES.rows()] == ["SCR", "RAND", "M06", "M07"]
    assert len(CYCLES.rows("A")) == 4 + 8


@pytest.mark.parametrize(
    ("code", "is_one"), [("UNS", True), ("uns12", True), ("ET", True), ("ET2", False), ("M3", False)]
)
def test_unscheduled_codes(code: str, *, is_one: bool) -> None:
    """`UNS*` takes any ending, `ET` only itself, ignoring case."""
    assert ALSTEM.is_unscheduled(code) is is_one


def test_as_registered_drops_what_is_assumed_and_its_limits() -> None:
    """Assumed windows, assumed spacings, and the limits of visits left without a window go (design 5)."""
    visits = [
        D0,
        ts.Visit("V1", "phone", ts.Timing("1 day after D0", window="±3 days", assumed=True, not_before="on D0")),
        ts.Visit(
            "V2", "phone", ts.Timing("1 day after V1", window="±3 days", not_before="on D0", counts_from="target")
        ),
    ]
    spacings = [ts.Spacing("D0", "V1", "1 day"), ts.Spacing("V1", "V2", "1 day", assumed=True)]
    whole = ts.Protocol("demo", "1", "D0", visits, spacings=spacings)
    bare = whole.as_registered()
    assert bare.visit("V1").timing == ts.Timing("1 day after D0")
    assert bare.visit("V2") == whole.visit("V2")
    assert bare.spacings == (spacings[0],)
    assert bare.meta.variant == "as-registered"
    assert bare.as_registered() == bare
    assert bare.fingerprint != whole.fingerprint


def test_canonical_bytes_of_a_small_protocol() -> None:
    """JSON, keys sorted, no blanks, NFC, unescaped UTF-8, canonical texts, defaults left out: written by hand."""
    visits = [
        ts.Visit("D0", "on-site", label={"en": "Lo\u0301dz\u0301"}),
        ts.Visit("C{n}", "phone", "P1W after D0", repeat=ts.Repeat("4 weeks", 2), numbering=ts.Numbering((1, 2.5))),
    ]
    meta = ts.Meta(in_force=date(2026, 1, 15))
    expected = (
        '{"anchor":"D0","id":"demo","in_force":"2026-01-15","schema":"trialsched/protocol/1","version":"1","visits":['
        '{"code":"D0","label":{"en":"L\u00f3d\u017a"},"mode":"on-site"},'
        '{"code":"C{n}","mode":"phone","number":[1,2.5],"repeat":{"every":"28 days","times":2},'
        '"when":"7 days after D0"}]}'
    )
    assert ts.Protocol("demo", "1", "D0", visits, meta=meta).canonical() == expected.encode()


def test_the_fingerprint_is_the_sha256_of_the_canonical_form() -> None:
    """What `sha256sum` prints for those bytes; frozen for the bundled protocols in `golden/`."""
    assert len(ALSTEM.fingerprint) == 64
    assert ALSTEM.fingerprint != CYCLES.fingerprint
    assert replace(ALSTEM, version="x").fingerprint != ALSTEM.fingerprint


@given(strategies.protocols())
def test_protocols_are_values(protocol: ts.Protocol) -> None:
    """Equal parts make equal protocols with one hash and one fingerprint, also after pickle."""
    twin = pickle.loads(pickle.dumps(protocol))  # noqa: S301 - our own bytes
    assert twin == protocol
    assert hash(twin) == hash(protocol)
    assert twin.fingerprint == protocol.fingerprint
    assert twin.codes == protocol.codes


@given(strategies.protocols())
def test_as_registered_has_nothing_assumed(protocol: ts.Protocol) -> None:
    """Whatever the protocol, nothing assumed is left, and doing it again changes nothing."""
    bare = protocol.as_registered()
    assert not any(visit.timing.assumed for visit in bare.expanded)
    assert not any(spacing.assumed for spacing in bare.spacings)
    assert bare.codes == protocol.codes
    assert bare.as_registered() == bare


def test_an_unknown_arm_is_an_error_that_says_where() -> None:
    """The arms that there are, are named (design 4, rule 8)."""
    with pytest.raises(ts.InvalidValueError, match="its arms: A, B") as caught:
        ts.load_protocol("cycles").rows("Z")
    assert caught.value.where == "arm"


def test_study_days_from_the_anchor_is_the_default() -> None:
    """Named or not, the anchor is study day 1: one value, one fingerprint, and no key in the canonical form."""
    visits = [D0, ts.Visit("DOSE1", "on-site", "3 days after D0")]
    plain = ts.Protocol("demo", "1", "D0", visits)
    named = ts.Protocol("demo", "1", "D0", visits, study_days_from="D0")
    assert named == plain
    assert named.study_days_from is None
    assert named.canonical() == plain.canonical()
    assert b"study_days_from" not in plain.canonical()


def test_another_visit_as_study_day_1_is_another_protocol() -> None:
    """The key is part of the value, of the canonical form (written by hand) and of what pickle keeps."""
    visits = [ts.Visit("D0", "on-site"), ts.Visit("V1", "phone", "3 days after D0")]
    plain = ts.Protocol("demo", "1", "D0", visits)
    other = replace(plain, study_days_from="V1")
    assert other != plain
    assert other.canonical() == (
        b'{"anchor":"D0","id":"demo","schema":"trialsched/protocol/1","study_days_from":"V1","version":"1",'
        b'"visits":[{"code":"D0","mode":"on-site"},{"code":"V1","mode":"phone","when":"3 days after D0"}]}'
    )
    assert pickle.loads(pickle.dumps(other)) == other  # noqa: S301 - our own bytes
    assert other.as_registered().study_days_from == "V1"
