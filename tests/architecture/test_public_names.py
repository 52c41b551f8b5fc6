"""The public names: light, equal in their three lists, exact for the type checker."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trialsched as ts

INIT = ast.parse(Path(ts.__file__).read_text("utf-8"))


def typed_names() -> set[str]:
    """Return what `__init__` imports for the type checker."""
    branch = next(node for node in INIT.body if isinstance(node, ast.If))
    return {alias.name for node in branch.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_the_three_lists_are_equal() -> None:
    """What the type checker sees, what is exported and what is found on first use are the same names."""
    assert typed_names() == set(ts.__all__) == set(dir(ts))
    assert len(ts.__all__) == len(set(ts.__all__))
    for name in ts.__all__:
        assert getattr(ts, name) is not None


def test_names_that_are_not_there_raise() -> None:
    """A misspelt name is an `AttributeError`, and no import of a submodule by accident."""
    with pytest.raises(AttributeError, match="nope"):
        ts.nope  # type: ignore[attr-defined]  # noqa: B018


def test_a_misspelt_name_is_an_error_of_types(tmp_path: Path) -> None:
    """`ts.nope` is a mypy error, `ts.schedule` is exact."""
    script = tmp_path / "use.py"
    script.write_text("import trialsched as ts\nreveal_type(ts.schedule)\nts.nope\nts.Offset('x')\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    lines = done.stdout.splitlines()
    assert "def (protocol: trialsched.protocol.model.Protocol, subject: trialsched.subject.Subject)" in lines[0]
    assert 'use.py:3: error: Module has no attribute "nope"' in lines[1]
    assert 'incompatible type "str"; expected "int"' in lines[2]
    assert done.returncode == 1


def modules_after(code: str) -> set[str]:
    """Return the top names of what is loaded after some code, in a process of its own, without site packages' .pth."""
    program = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_loads_no_third_party_package() -> None:
    """`import trialsched` loads its own `__init__` and the standard library, nothing else."""
    loaded = modules_after("import trialsched")
    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names == {"trialsched"}
    assert {name for name in loaded if name.startswith("trialsched.")} == set()


def test_the_core_loads_no_third_party_package() -> None:
    """Scheduling with a protocol built in code needs the standard library only."""
    loaded = modules_after("from trialsched import Subject, schedule, Offset, Protocol, Visit")
    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names == {"trialsched"}
    assert not {"trialsched.formats", "json", "asyncio", "logging", "email"} & loaded


def test_types_are_shipped() -> None:
    """`py.typed` stands beside the code."""
    assert (Path(ts.__file__).parent / "py.typed").is_file()
