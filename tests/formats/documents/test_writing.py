"""Writing protocol documents."""

import io
from typing import Any

import pytest
from hypothesis import given

import trialsched as ts
from trialsched import strategies
from trialsched.formats import documents


@pytest.mark.parametrize("form", ["toml", "json"])
@given(strategies.protocols())
def test_reading_is_the_inverse_of_writing(form: Any, protocol: ts.Protocol) -> None:  # noqa: ANN401
    """`loads(dumps(p)) == p` for TOML and JSON, with the same fingerprint."""
    for one in (protocol, protocol.as_registered()):
        again = documents.loads(documents.dumps(one, format=form), format=form)
        assert again == one
        assert again.fingerprint == one.fingerprint
        assert documents.dumps(again, format=form) == documents.dumps(one, format=form)


@pytest.mark.parametrize("name", documents.bundled())
def test_the_bundled_protocols_survive_both_formats(name: str) -> None:
    """What the library ships reads back from what it writes."""
    protocol = ts.load_protocol(name)
    assert documents.loads(documents.dumps(protocol)) == protocol
    assert documents.loads(documents.dumps(protocol, format="json"), format="json") == protocol


def test_a_document_reads_like_the_protocol() -> None:
    """Plain texts in reading order, defaults left out."""
    visits = [ts.Visit("D0", "on-site"), ts.Visit("W1", "phone", ts.Timing("P1W after D0", window="±1 d"))]
    protocol = ts.Protocol("demo", "1", "D0", visits)
    assert documents.dumps(protocol) == (
        'schema = "trialsched/protocol/1"\nid = "demo"\nversion = "1"\nanchor = "D0"\n\n'
        '[[visits]]\ncode = "D0"\nmode = "on-site"\n\n'
        '[[visits]]\ncode = "W1"\nmode = "phone"\nwhen = "7 days after D0"\nwindow = "±1 day"\n'
    )


@pytest.mark.parametrize("form", ["toml", "json"])
def test_dump_writes_utf8(form: Any) -> None:  # noqa: ANN401
    """The file verb writes the text verb's UTF-8."""
    out = io.BytesIO()
    documents.dump(ts.load_protocol("alstem"), out, format=form)
    assert out.getvalue().decode() == documents.dumps(ts.load_protocol("alstem"), format=form)
    assert "przesiewowa" in out.getvalue().decode()
