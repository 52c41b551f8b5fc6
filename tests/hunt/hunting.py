"""The hunt: inputs of every format, changed at random; the laws are held to each. A case is told by its name."""

import time
from collections.abc import Iterator
from itertools import count
from types import TracebackType
from typing import NamedTuple, Self

from tests.hunt.laws import read, run
from tests.hunt.mutating import Dice, mutated
from tests.hunt.seeds import SEEDS, WORDS
from tests.hunt.shapes import reshaped
from tests.properties import hunt as oracles

FORMATS = tuple(SEEDS)
ORACLES = "oracles"  # random subjects judged by the library and by the oracles, among the formats of a long hunt
_SUBJECTS = 50  # of one such case
_ORACLES_EVERY = 10
_COMMANDS_EVERY = 7  # cases: a command takes much longer than a reader


class Found(NamedTuple):
    """A case in which a law does not hold: how to make it again, and the input."""

    format: str
    seed: str
    number: int
    words: str
    data: bytes

    def __str__(self) -> str:
        """Say it on a line."""
        return f"--seed {self.seed} --only {self.format} --case {self.number}: {self.words}"


class _Caught:
    """Keeps the exception of a block, but for those that end the process."""

    def __init__(self) -> None:
        self.words = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})" if trace else ""
        self.words = f"{type(error).__name__}: {error!s:.500}{where}"
        return True


def data_of(form: str, seed: str, number: int) -> bytes:
    """Return the input of a case: every other one is changed in its structure, most of the others in their bytes."""
    dice = Dice(f"{seed}/{form}/{number}")
    if number % 2:
        return mutated(dice, SEEDS[form], WORDS[form])
    data = dice.one_of(SEEDS[form])
    for _ in range(dice.one_of((1, 1, 2, 4))):
        data = reshaped(dice, form, data, WORDS[form])
    return mutated(dice, [data], WORDS[form]) if dice.below(4) == 0 else data


def held(form: str, seed: str, number: int, *, commands: bool = False) -> Found | None:
    """Hold the laws to one case: those of readers, now and then or when asked those of commands."""
    data = data_of(form, seed, number)
    with _Caught() as caught:
        read(form, data)
        if commands or number % _COMMANDS_EVERY == 0:
            run(form, data)
    return Found(form, seed, number, caught.words, data) if caught.words else None


def hunt(seed: str, cases: int, forms: tuple[str, ...] = FORMATS) -> list[Found]:
    """Return what is found in so many cases of each format."""
    several = (held(form, seed, number) for number in range(cases) for form in forms)
    return [found for found in several if found is not None]


def differing(seed: str, number: int) -> list[Found]:
    """Return what the library and the oracles of dates, statuses and findings say differently in one case."""
    draw = Dice(f"{seed}/{ORACLES}/{number}").below(10**9)
    return [Found(ORACLES, seed, number, words, b"") for words in oracles.hunt(draw, _SUBJECTS).differences]


def hunt_for(seed: str, seconds: float, forms: tuple[str, ...] = (*FORMATS, ORACLES)) -> Iterator[Found | int]:
    """Yield what is found until the time is over, and then the number of cases."""
    end = time.monotonic() + seconds
    for number in count():
        if time.monotonic() > end:
            yield number * len(forms)
            return
        for form in forms:
            if form == ORACLES:
                yield from differing(seed, number) if number % _ORACLES_EVERY == 0 else ()
                continue
            found = held(form, seed, number)
            if found is not None:
                yield found
