"""The problems of a document, gathered in one pass."""

import pytest

import trialsched as ts
from trialsched.errors import Problem
from trialsched.protocol.found import Found, prefixed


def test_all_problems_are_raised_together() -> None:
    """In the order in which they were found; with none nothing is raised."""
    found = Found()
    found.finish()
    found.add("b", 7, "a text", "a number")
    found.add("a", "x", "", "not known")
    with pytest.raises(ts.ProtocolError) as caught:
        found.finish()
    assert caught.value.problems == (Problem("b", "7", "a text", "a number"), Problem("a", "x", "", "not known"))


def test_what_a_part_raises_has_its_place_inside_the_whole() -> None:
    """The value comes back, or None and the problem with the key path and what would be right."""
    found = Found()
    assert found.attempt("window", "±7 days", ts.Window.parse, "±7 days") == ts.Window("7 days", "7 days")
    assert found.attempt("window", "7", ts.Window.parse, "7") is None
    assert found.attempt("visits[1]", "", ts.Timing, "soon") is None
    (window, when) = found.problems
    assert (window.where, window.message) == ("window", "cannot be read")
    assert window.expected.startswith("a window such as '±7 days'")
    assert (when.where, when.read) == ("visits[1].when", "soon")


@pytest.mark.parametrize(
    ("outer", "inner", "place"),
    [("visits[1]", "when", "visits[1].when"), ("arms", "[0]", "arms[0]"), ("", "id", "id"), ("label", "", "label")],
)
def test_places_are_joined_as_keys_are(outer: str, inner: str, place: str) -> None:
    """A dot before a key, none before a number."""
    assert prefixed(outer, Problem(inner, "", "", "x")).where == place
