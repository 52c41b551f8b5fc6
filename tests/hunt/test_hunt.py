"""The hunt itself: it finds what is broken, the same for a seed; and a short one over every format."""

from collections import Counter

import pytest

from tests.hunt import hunting, laws
from tests.hunt.mutating import Dice, mutated
from tests.hunt.seeds import SEEDS
from tests.properties import hunt as oracles
from trialsched.errors import InvalidValueError
from trialsched.formats import records


@pytest.mark.parametrize("form", hunting.FORMATS)
def test_the_laws_hold_of_what_is_whole(form: str) -> None:
    """Of every seed, read and given to the commands."""
    for data in SEEDS[form]:
        laws.READERS[form](data)
        laws.run(form, data)


@pytest.mark.parametrize("form", hunting.FORMATS)
def test_the_laws_hold_of_what_is_broken(form: str) -> None:
    """Of a few hundred changed inputs; `make hunt` has more."""
    assert [str(found) for found in hunting.hunt("suite", 100, (form,))] == []


def test_a_seed_says_what_is_made_of_it() -> None:
    """The inputs of one seed are the same ones, those of two seeds are not; most are not what they were."""
    inputs = [hunting.data_of(form, "1", number) for form in hunting.FORMATS for number in range(10)]
    assert inputs == [hunting.data_of(form, "1", number) for form in hunting.FORMATS for number in range(10)]
    assert inputs != [hunting.data_of(form, "2", number) for form in hunting.FORMATS for number in range(10)]
    whole = {data for several in SEEDS.values() for data in several}
    assert sum(data not in whole for data in inputs) > 100


def test_every_number_below_the_end_is_drawn() -> None:
    """From 0 on, the end not among them; the same ones for a seed, by SHA-256 and not by a generator of Python's."""
    dice = Dice("x")
    drawn = [dice.below(7) for _ in range(200)]
    assert set(drawn) == set(range(7))
    # printf 'x#1' | sha256sum, the first 16 hexadecimal digits
    assert drawn[0] == 0xDB7F9A2B18251B21 % 7


def test_an_empty_input_is_changed_too() -> None:
    """Nothing fails where there is nothing to change."""
    made = {mutated(Dice(str(n)), [b""], [b"word"]) for n in range(200)}
    assert b"word" in made


def test_what_a_reader_gets_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that loses notes, a reader that fails with an error of Python's, one that says too much."""
    write = records.dumps
    monkeypatch.setattr(records, "dumps", lambda rows, **more: write(rows, **more).replace("more", "less"))
    assert "what was read is read again" in hunting.hunt("1", 20, ("visits.csv",))[0].words
    monkeypatch.undo()

    def fails(_: bytes) -> None:
        raise ZeroDivisionError("by nothing")

    def talks(_: bytes) -> None:
        raise InvalidValueError("x" * 500_000)

    for reader, words in (
        (fails, "ZeroDivisionError: by nothing (test_hunt.py:"),
        (talks, "BrokenLawError: a message is short"),
    ):
        monkeypatch.setitem(laws.READERS, "clinic.toml", reader)
        (found,) = hunting.hunt("1", 1, ("clinic.toml",))
        assert found.words.startswith(words)
        assert str(found).startswith("--seed 1 --only clinic.toml --case 0: ")


def test_what_a_command_gets_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another code, a traceback, what steers a terminal: each breaks a law of its own."""
    for answer, words in (
        ((3, "", "error"), "ends with 3"),
        ((2, "", ""), "says what is wrong"),
        ((0, "", "Traceback (most"), "prints a traceback"),
        ((2, "", "error: \x1b[2J"), "steers a terminal"),
        ((2, "", "x" * 500_000), "prints 500000 characters"),
    ):
        monkeypatch.setattr(laws, "_run", lambda _, answer=answer: answer)
        with pytest.raises(laws.BrokenLawError, match=words):
            laws.run("clinic.toml", b"")


def test_what_the_oracles_say_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each difference, with the case that shows it again; the same subjects for a seed, others for another."""
    asked = []

    def differs(seed: int, count: int) -> oracles.Found:
        asked.append((seed, count))
        return oracles.Found(["M03 on another day"], Counter())

    monkeypatch.setattr(oracles, "hunt", differs)
    (found,) = hunting.differing("1", 3)
    assert str(found) == "--seed 1 --only oracles --case 3: M03 on another day"
    hunting.differing("1", 3)
    hunting.differing("2", 3)
    assert asked[0] == asked[1] != asked[2]
    assert asked[0][1] == 50
    (first, *_) = hunting.hunt_for("1", 0.01, ("oracles",))
    assert isinstance(first, hunting.Found)


def test_the_long_hunt_ends_in_time_and_counts_its_cases() -> None:
    """It looks at some cases, and says how many."""
    *found, cases = hunting.hunt_for("1", 0.01, ("trial.toml",))
    assert found == []
    assert isinstance(cases, int)
    assert cases >= 1
