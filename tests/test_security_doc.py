"""docs/security.md names, for each threat, the test that shows the defence: each of them exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOC = ROOT / "docs" / "security.md"
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _tests_in(path: str) -> set[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_test_the_threat_model_names_exists():
    named = REFERENCE.findall(DOC.read_text())
    assert len(named) > 40
    assert [f"{path}::{name}" for path, name in named if name not in _tests_in(path)] == []


def test_every_threat_names_a_test_or_says_that_it_is_not_defended():
    rows = [line for line in DOC.read_text().splitlines() if line.startswith("| ") and not line.startswith("| threat")]
    assert len(rows) > 30
    assert [row for row in rows if not REFERENCE.search(row) and "**not defended**" not in row] == []


def test_a_reference_to_a_test_that_is_not_there_would_be_found():
    assert "test_of_nothing" not in _tests_in("tests/test_security_doc.py")
    assert _tests_in("tests/no_such_file.py") == set()
