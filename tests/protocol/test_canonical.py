"""The document of each part."""

from trialsched.protocol import Repeat, Spacing, Timing, Visit
from trialsched.protocol.canonical import spacing_document, visit_document, without_defaults


def test_defaults_are_left_out_and_zero_is_not() -> None:
    """None, false, empty lists and tables go."""
    assert without_defaults({"a": None, "b": False, "c": [], "d": {}, "e": "x", "f": [0]}) == {"e": "x", "f": [0]}


def test_the_document_of_a_visit_has_window_or_assumed_window() -> None:
    """Never both; `from` only when it is not the default."""
    stated = Visit("V{n}", "phone", Timing("1 week after D0", window="±1 d"), repeat=Repeat("P1M", 2, "previous"))
    assert visit_document(stated) == {
        "code": "V{n}",
        "mode": "phone",
        "when": "7 days after D0",
        "repeat": {"every": "1 month", "times": 2, "from": "previous"},
        "window": "±1 day",
    }
    assumed = Visit("V1", "phone", Timing("on D0", window="±1 d", assumed=True, counts_from="target"))
    assert visit_document(assumed) == {
        "code": "V1",
        "mode": "phone",
        "when": "on D0",
        "counts_from": "target",
        "assumed_window": "±1 day",
    }


def test_the_document_of_a_spacing() -> None:
    """`assumed` stands only when it is true."""
    assert spacing_document(Spacing("A", "B", "3 weeks")) == {"from": "A", "to": "B", "at_least": "21 days"}
    assert spacing_document(Spacing("A", "B", "3 weeks", assumed=True))["assumed"] is True
