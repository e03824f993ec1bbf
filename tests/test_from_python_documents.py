"""What the documents say of Python is run: the snippets of a page, and the tour."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from matplotlib import pyplot
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from analysis import figures
from focus_core.errors import UserError
from sweeps import look
from tests.plugin_files import MIXER
from tests.test_documents import ROOT, links

PAGE = ROOT / "docs" / "from_python.md"
TOUR = ROOT / "docs" / "tour.ipynb"
LONGEST = 90.0
"""Seconds that the tour may take on two cores."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, whatever the settings of the one who runs the tests."""
    for name in ("FOCUS_HOME", "FOCUS_LEDGER_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    backend = pyplot.get_backend()
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")
    pyplot.switch_backend(backend)


def snippets(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def run(text: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run the snippets one after the other, as in one session; returns its names."""
    names = {} if names is None else names
    for snippet in snippets(text):
        exec(compile(snippet, PAGE.name, "exec"), names)
    return names


INSIDE = "## Look inside a trial\n"
"""The part of the page that needs a command in between."""


def test_the_page_is_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _, inside = PAGE.read_text().partition(INSIDE)
    names = run(before)
    assert names["result"].finished
    assert names["tiny"].trials["state"].tolist() == ["complete"] * 2
    assert names["some"].trials["point.model.bin_length"].tolist() == [16]
    assert names["left"].has_data()
    assert names["right"].has_data()
    assert capsys.readouterr().out.endswith("random tries of axes that are tuned\n")

    with pytest.raises(UserError, match=r"make it with python -m sweeps\.look"):
        run(inside, dict(names))
    monkeypatch.setattr("focus_core.tools.speed.LENGTHS", (64, 128))
    assert look.main([names["tiny"].trials["trial_id"][0][:8]]) == 0
    names = run(inside, names)
    assert names["left"].get_title() == f"layer 0, channel {names['look'].channels[0]}"
    assert names["right"].get_title() == "layer 0, all channels"


def test_the_readme_s_snippets_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep is a tiny one here, in this process; the rest is as it stands."""
    small = run(PAGE.read_text().partition(INSIDE)[0])["result"]
    monkeypatch.setattr("sweeps.launching.from_python.sweep", lambda _name, seeds: small)
    mixer, layer, notebook = snippets((ROOT / "README.md").read_text())
    assert mixer == f"# my_mixer.py\n{MIXER}"
    assert run(f"```python\n{layer}```\n")["y"].shape == (2, 100, 256)
    assert len(run(f"```python\n{notebook}```\n")["loaded"].comparisons) == 1


def test_a_snippet_that_is_wrong_is_seen() -> None:
    """Negative control."""
    with pytest.raises(AttributeError, match="no attribute 'scored'"):
        run("```python\nfrom analysis import figures\n```\nwords\n```python\nfigures.scored\n```\n")


def test_the_page_names_every_figure_and_frame() -> None:
    words = PAGE.read_text()
    assert [name for name in figures.__all__ if f"`{name}`" not in words] == []


def test_the_tour_is_kept_without_results() -> None:
    notebook = nbformat.read(TOUR, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) > 4
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@pytest.mark.slow
def test_the_tour_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(TOUR, as_version=4)
    words = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert [link for link in links(words) if not (TOUR.parent / link).exists()] == []
    executed(notebook, tmp_path, monkeypatch)
    shown = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type in ("display_data", "execute_result")
    ]
    assert ["text/html" in each.data for each in shown] == [True, True, False]
    assert "image/png" in shown[-1].data
    assert "<td>worse</td>" in shown[1].data["text/html"]
    assert (tmp_path / "tour" / "ledger.db").is_file()


def test_a_cell_that_fails_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    cell = nbformat.v4.new_code_cell("from analysis import lod")
    with pytest.raises(CellExecutionError, match="cannot import name 'lod'"):
        executed(nbformat.v4.new_notebook(cells=[cell]), tmp_path, monkeypatch)


def executed(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the cells in a kernel of this Python, which imports this project."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(folder / "jupyter"))
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=LONGEST, kernel_name="python3", resources=where)
    assert client.create_kernel_manager().kernel_spec.argv[0] in ("python", sys.executable)
    client.execute()
