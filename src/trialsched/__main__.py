"""Starts the command line: `python -m trialsched`."""

import sys

from trialsched.cli import main


def run() -> None:
    """Run the command of this process's arguments and exit with its code."""
    sys.exit(main())


if __name__ == "__main__":
    run()
