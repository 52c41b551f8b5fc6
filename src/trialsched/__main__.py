"""Starts the command line: `python -m trialsched`."""

import sys
import warnings


def run() -> None:
    """Run the command of this process's arguments and exit with its code."""
    try:
        import signal

        signal.signal(signal.SIGTERM, signal.default_int_handler)  # leaves no half-written file, as Ctrl-C
        if not sys.warnoptions:  # what libraries say to programmers may hold what they read, as it was read
            warnings.simplefilter("ignore")
        from trialsched.cli import main

        code = main()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)  # all is done: whoever interrupts the end sees no traceback
    except KeyboardInterrupt:  # before the command had begun
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    run()
