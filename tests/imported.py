"""The sources of this project, and what each imports."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = ("focus_core", "search_spaces", "sweeps", "analysis")


def sources(*packages: str) -> list[Path]:
    return [path for name in packages for path in sorted((ROOT / name).rglob("*.py"))]


def imports(code: str) -> set[str]:
    """Every module a source names, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found
