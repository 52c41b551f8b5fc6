"""Same input, same bytes, on every machine: zones, locales and hash seeds."""

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "support" / "every_output.py"
ZONES = ("Pacific/Kiritimati", "America/St_Johns")
SEEDS = ("0", "4242")


POLISH = "pl_PL.ISO-8859-2"


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Return the environment of each locale: ASCII, UTF-8, and Polish in Latin-2 where the system can make it.

    Polish differs in the names of days, the decimal point and the encoding. In CI it must be there.
    """
    plain = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    found = {"C": plain, "C.UTF-8": plain}
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef"):
        command = ["localedef", "-i", "pl_PL", "-f", "ISO-8859-2", str(folder / POLISH)]
        subprocess.run(command, capture_output=True, check=False)  # it warns about what it does not need
    if (folder / POLISH).exists():
        found[POLISH] = {**plain, "LOCPATH": str(folder)}
    assert POLISH in found or not os.environ.get("CI"), "CI needs the sources of the system's locales"
    return found


def test_every_output_is_the_same_under_eight_combinations_or_more(
    tmp_path: Path, locales: dict[str, dict[str, str]]
) -> None:
    """Every output of ten subjects, under two zones, two or three locales and two hash seeds really in effect."""
    outputs = {}
    for zone in ZONES:
        for name, settings in locales.items():
            for seed in SEEDS:
                environment = {
                    **{key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "TZ"))},
                    "TZ": zone,
                    "TZDIR": str(files("tzdata") / "zoneinfo"),
                    "LC_ALL": name,
                    "PYTHONHASHSEED": seed,
                    **settings,
                }
                out = tmp_path / f"{zone.replace('/', '-')}-{name}-{seed}"
                done = subprocess.run(
                    [sys.executable, SCRIPT, out, zone, name, seed],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    encoding="latin-1",
                )
                assert done.returncode == 0, done.stderr
                outputs[out.name] = {path.name: path.read_bytes() for path in sorted(out.iterdir())}
    assert len(outputs) == len(ZONES) * len(locales) * len(SEEDS) >= 8
    first, *others = outputs.values()
    # Of ten subjects five outputs and one of code; of the example trial four commands in four formats and for Excel,
    # findings and rates, four datasets in two formats, the lists in two forms and JSON, a log made again, a journal,
    # and what objects say.
    assert len(first) == 10 * (5 + 1) + 4 * (4 + 1) + 2 + 4 * 2 + (2 * 2 + 1) + 1 + 1 + 1
    assert all(data for data in first.values())
    for other in others:
        assert other == first
