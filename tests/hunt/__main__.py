"""The long hunt: `python -m tests.hunt --minutes 60`. Ends with 1 when a law does not hold of some input."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.hunt.hunting import FORMATS, ORACLES, Found, differing, held, hunt_for


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Hunt for some minutes, or look at one case again."""
    parser = argparse.ArgumentParser(prog="python -m tests.hunt", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long [default: 10]")
    parser.add_argument("--seed", default="1", help="any text; another one makes other inputs [default: 1]")
    parser.add_argument(
        "--only", choices=(*FORMATS, ORACLES), action="append", help="a format (repeatable) [default: all]"
    )
    parser.add_argument("--case", type=int, help="one case alone, as it was told")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="where inputs are kept of which a law does not hold"
    )
    typed = parser.parse_args()
    forms = tuple(typed.only or (*FORMATS, ORACLES))
    several: Iterable[Found | int | None]
    if typed.case is not None:
        several = [held(form, typed.seed, typed.case, commands=True) for form in forms if form != ORACLES]
        several = [*several, *(differing(typed.seed, typed.case) if ORACLES in forms else ())]
    else:
        several = hunt_for(typed.seed, 60 * typed.minutes, forms)
    number = 0
    for found in several:
        if isinstance(found, Found):
            number += 1
            _say(found)
            if typed.keep is not None:
                typed.keep.mkdir(parents=True, exist_ok=True)
                (typed.keep / f"{found.seed}-{found.number}-{found.format}").write_bytes(found.data)
        elif found is not None:
            _say(f"{found} cases, seed {typed.seed}: {number} in which a law does not hold")
    return 1 if number else 0


if __name__ == "__main__":
    sys.exit(main())
