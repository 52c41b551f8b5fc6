"""All files are written once, and every program reads all of them once."""

from pathlib import Path

import pytest

from tests.outside.exports import Export, drawn, examples
from tests.outside.programs import JUDGES, ask
from tests.outside.reading import Verdict
from tests.outside.samples import broken, samples


@pytest.fixture(scope="session")
def exported() -> dict[str, list[Export]]:
    """Return what is judged, by kind."""
    return {"examples": [*examples()], "drawn": [*drawn()], "samples": [*samples()]}


@pytest.fixture(scope="session")
def folder(exported: dict[str, list[Export]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every file."""
    made = tmp_path_factory.mktemp("judged")
    for exports in exported.values():
        for export in exports:
            (made / f"{export.name}.ics").write_bytes(export.data)
    for sample in broken():
        (made / f"{sample.name}.ics").write_bytes(sample.data)
    return made


@pytest.fixture(scope="session", params=JUDGES)
def judge(request: pytest.FixtureRequest) -> str:
    """Return the name of a judge."""
    return str(request.param)


@pytest.fixture(scope="session")
def verdicts(judge: str, folder: Path) -> dict[str, Verdict]:
    """Return what the judge says of every file."""
    return ask(judge, folder)
