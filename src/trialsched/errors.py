"""One exception tree, and the `Problem` that says where a document is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PROBLEMS: Final = 1_000  # told of one input: nobody mends more at once


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a document: where it stands, what was read, what would be right.

    `where` names a place (`visits[3].window`, counted from 0); it and the class are API, the texts are not.

    >>> str(Problem("visits[3].window", "7", "a window, as '±7 days'", "a bare number has no unit"))
    "visits[3].window: a bare number has no unit; read '7'; expected a window, as '±7 days'"
    """

    where: str
    read: str
    expected: str
    message: str

    def __str__(self) -> str:
        """Print the problem as one line."""
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.read and not self.message.startswith("read "):
            parts.append(f"read {self.read!r}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        return "; ".join(parts)


def listed(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the first 1,000 problems; of more, the last one says that there are."""
    first = tuple(islice(problems, MAX_PROBLEMS + 1))
    return first if len(first) <= MAX_PROBLEMS else (*first[:MAX_PROBLEMS], and_more())


def and_more(where: str = "") -> Problem:
    """Return the problem that stands for all those that are not told; `where` is the place where reading stopped."""
    return Problem(where, "", "", f"and more: only the first {MAX_PROBLEMS:,} problems are told")


class TrialschedError(Exception):
    """The root of every error that trialsched raises on purpose; `where` names the place, or is empty."""

    def __init__(self, message: str, *, where: str = "") -> None:
        """Keep the message, and the place it speaks of."""
        super().__init__(message)
        self.message = message
        self.where = where

    def __str__(self) -> str:
        """Print the place, then the message."""
        return f"{self.where}: {self.message}" if self.where else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep every attribute when pickled."""
        return (_restore, (type(self), self.args, dict(self.__dict__)))


def _restore(cls: type[TrialschedError], args: tuple[object, ...], state: dict[str, object]) -> TrialschedError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InvalidValueError(TrialschedError, ValueError):
    """A value of the right type that says something impossible or unreadable."""


class InvalidTypeError(TrialschedError, TypeError):
    """A value of a type that is not accepted there, as a `datetime` where a date is meant."""


class DateOutOfRangeError(TrialschedError, ValueError, OverflowError):
    """A date that would leave the years 1 to 9999."""


class UnknownVisitError(TrialschedError, KeyError):
    """A visit code that the protocol or plan does not have."""


class DocumentError(InvalidValueError):
    """What a document or list says cannot be; `problems` has the first 1,000 faults, in the order in which they stand.

    Of more, one more problem at the end says so.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems; the message lists them one a line."""
        self.problems = listed(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ProtocolError(DocumentError):
    """A protocol that cannot be, read from a document or made in code."""


class ClinicError(DocumentError):
    """A clinic's document that cannot be read."""


class TrialError(DocumentError):
    """A trial's folder, or its `trial.toml`, that cannot be read; each place begins with the file's name."""


class UnknownProtocolError(TrialschedError, KeyError):
    """A protocol id that is not bundled with the library."""
