"""How the time of something grows with its input."""

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_RUNS = 4


def growth(run: Callable[[_T], object], small: _T, large: _T) -> float:
    """Return how many times as much CPU time the larger input takes, each the best of several runs."""
    times = []
    for given in (small, large):
        best = float("inf")
        for _ in range(_RUNS):
            start = time.process_time()
            run(given)
            best = min(best, time.process_time() - start)
        times.append(best)
    return times[1] / max(times[0], 1e-4)
