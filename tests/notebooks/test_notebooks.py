"""The notebooks run from top to bottom on the committed sample, and what is committed of them is a whole run."""

from pathlib import Path

import pytest
from nbformat import NotebookNode
from notebooks.run import executed, machines, notebooks, opened, said

NOTEBOOKS = {path.stem: path for path in notebooks()}


@pytest.fixture(params=sorted(NOTEBOOKS))
def path(request: pytest.FixtureRequest) -> Path:
    return NOTEBOOKS[request.param]


def test_there_are_six_in_reading_order() -> None:
    assert [name[:3] for name in NOTEBOOKS] == ["01-", "02-", "03-", "04-", "05-", "06-"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_it_runs_on_the_sample_and_draws(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REELS_SHARED_DATA", str(tmp_path))
    notebook = executed(path)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in one.get("data", {}) for one in shown)
    assert not [one for one in shown if one.get("name") == "stderr"]
    assert not machines(notebook)


def test_what_is_committed_is_a_whole_run_without_a_trace_of_a_machine(path: Path) -> None:
    notebook = opened(path)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert any("image/png" in one.get("data", {}) for cell in notebook.cells for one in cell.get("outputs", []))
    assert not machines(notebook)
    assert set(notebook.metadata) == {"kernelspec"}


def test_a_path_of_a_machine_is_noticed() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "loaded from /home/somebody/data.csv"}
    notebook = NotebookNode(cells=[NotebookNode(cell_type="code", outputs=[NotebookNode(output)])])  # type: ignore[no-untyped-call]
    assert machines(notebook) == ["/home/somebody/data.csv"]
    assert said(notebook) == ["loaded from /home/somebody/data.csv"]
