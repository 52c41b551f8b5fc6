"""JSON as others may write it: what it is, and in words what it is not."""

import pytest

import trialsched as ts
from trialsched import _json


def test_keys_that_stand_twice_are_kept_with_their_object() -> None:
    """The last value counts, as RFC 8259 (4) says of most readers, and the key is known for whoever refuses it."""
    found = _json.loads('{"a": 1, "b": {"c": 1, "d": 2, "d": 3, "c": 4}, "a": 5}')
    assert found == {"a": 5, "b": {"c": 4, "d": 3}}
    assert found.twice == ("a",)
    assert found["b"].twice == ("c", "d")
    assert _json.loads('{"a": 1}').twice == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1,]", "not JSON: Expecting value: line 1 column 4 (char 3)"),
        ("[NaN]", "not JSON: NaN is no number of JSON"),
        ("[-Infinity]", "not JSON: -Infinity is no number of JSON"),
        ("1" * 4301, "not JSON: a whole number of more than 4,300 digits"),
        ("-" + "1" * 5000, "not JSON: a whole number of more than 4,300 digits"),
        ("[" * 200_000, "not JSON that can be read: too deeply nested"),
        ('{"a":' * 200_000, "not JSON that can be read: too deeply nested"),
        ("[" + "{}," * 1_000_000 + "0]", "more than 1,000,000 objects and lists"),
        ("[" + "[]," * 1_000_000 + "0]", "more than 1,000,000 objects and lists"),
    ],
    ids=range(10),
)
def test_what_is_no_json_is_said_in_words(text: str, message: str) -> None:
    """NaN and the like, numbers of too many digits, what is too deep and what is too much: one error of ours."""
    with pytest.raises(ts.InvalidValueError) as caught:
        _json.loads(text)
    assert str(caught.value) == message


def test_what_is_just_within_the_limits_is_read() -> None:
    """A whole number of 4,300 digits; a million lists and objects."""
    assert _json.loads("1" * 4300) == int("1" * 4300)
    assert len(_json.loads("[" + "[]," * 999_998 + "[]]")) == 999_999
