"""Runs the notebooks and keeps what they show: `python notebooks/run.py [NAME ...]`.

What is written holds nothing of the machine it ran on: no paths, no times, no versions of the kernel.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
TIMEOUT_SEC = 300
_OF_A_MACHINE = re.compile(r"(/home|/root|/Users|/tmp|/work|[A-Z]:\\)[\w./\\-]*")


def notebooks() -> list[Path]:
    """All of them, in reading order."""
    return sorted(HERE.glob("[0-9]*.ipynb"))


def opened(path: Path) -> nbformat.NotebookNode:
    """As it is on disk."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call,no-any-return]


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells show now. Raises CellExecutionError where one fails."""
    notebook = opened(path)
    resources = {"metadata": {"path": str(HERE)}}
    client = NotebookClient(notebook, timeout=TIMEOUT_SEC, resources=resources, record_timing=False)
    client.execute()
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return notebook


def said(notebook: nbformat.NotebookNode) -> list[str]:
    """All text the cells show."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", ""))
            texts += [str(one) for kind, one in output.get("data", {}).items() if kind.startswith("text/")]
    return texts


def machines(notebook: nbformat.NotebookNode) -> list[str]:
    """Paths of a machine among what the cells show: there should be none."""
    return [found.group() for text in said(notebook) for found in _OF_A_MACHINE.finditer(text)]


if __name__ == "__main__":
    for path in notebooks():
        if not sys.argv[1:] or any(name in path.name for name in sys.argv[1:]):
            ready = executed(path)
            if found := machines(ready):
                sys.exit(f"{path.name} shows a path of this machine: {found[0]}")
            nbformat.write(ready, path)  # type: ignore[no-untyped-call]
            print(path.name, flush=True)
