"""The problems of a document, gathered in one pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from trialsched._text import shown
from trialsched.errors import Problem, ProtocolError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_EXPECTED = re.compile(r"read .+?, expected (.+)", re.DOTALL)

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Found:
    """The problems of one value, gathered in one pass and raised together."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, where: str, read: object, expected: str, message: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(where, shown(read), expected, message))

    def attempt(
        self, where: str, read: object, make: Callable[_P, _T], *args: _P.args, **keywords: _P.kwargs
    ) -> _T | None:
        """Return what `make` gives for the arguments, or note what it raised and return None."""
        try:
            return make(*args, **keywords)
        except ProtocolError as error:
            self.problems += [prefixed(where, problem) for problem in error.problems]
        except TrialschedError as error:
            inner = f"{where}.{error.where}" if error.where else where
            told = _READ_EXPECTED.fullmatch(error.message)
            message, expected = ("cannot be read", told[1]) if told else (error.message.partition("; read ")[0], "")
            self.add(inner, read, expected, message)
        return None

    def finish(self) -> None:
        """Raise `ProtocolError` when there is any."""
        if self.problems:
            raise ProtocolError(tuple(self.problems))


def prefixed(where: str, problem: Problem) -> Problem:
    """Return the problem with its place inside another one."""
    if not problem.where:
        place = where
    else:
        place = f"{where}{problem.where}" if problem.where.startswith("[") else f"{where}.{problem.where}"
    return Problem(place.removeprefix("."), problem.read, problem.expected, problem.message)
