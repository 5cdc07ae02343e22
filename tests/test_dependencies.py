"""What the program imports is what it declares: a development environment has more, and would hide a lack."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWN = ("quotewire", "producers", "consumers", "schemas")


def imports() -> Iterator[tuple[str, str]]:
    """Each file of the program with the top-level name of each module that it imports."""
    for package in OWN:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((str(path), alias.name.split(".")[0]) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield str(path), node.module.split(".")[0]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {normal(re.split(r"[<>=;~! \[]", line)[0]) for line in project["dependencies"]}
    provided = packages_distributions()
    for path, module in imports():
        if module in sys.stdlib_module_names or module in OWN or module in ("compression", "backports"):
            continue
        assert {normal(name) for name in provided[module]} & declared, f"{path} imports {module}"


def test_the_locks_pin_with_hashes_and_name_no_address() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") > 40
        for requirement in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in requirement, requirement
