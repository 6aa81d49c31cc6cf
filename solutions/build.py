"""Build assignments/source/<slug>/<slug>.ipynb from solutions/<slug>/<slug>.py; with --check only compare.

    python solutions/build.py               write the notebooks
    python solutions/build.py --check       exit with 1 if one of them is not what its script says
    python solutions/build.py --class DIR   the same for a class folder: from its solutions/ to its source/

The pair is jupytext's (see `[tool.jupytext]` in pyproject.toml). What jupytext leaves open is settled here: ids of cells are
`grade_id`, or the nearest English heading; there are no outputs and no metadata but the kernel; the same script gives the
same bytes.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def pairs(root: Path, source: Path) -> Iterator[tuple[Path, Path]]:
    """Every script below `root` with its notebook below `source`."""
    for script in sorted((root / "solutions").glob("*/*.py")):
        if script.stem == script.parent.name:
            yield script, source / script.stem / f"{script.stem}.ipynb"


def notebook_text(script: Path) -> str:
    """The notebook of a script, as it lies on disk."""
    notebook = jupytext.read(script, fmt="py:percent")
    notebook.metadata = NotebookNode(kernelspec=NotebookNode(KERNEL))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
    name_cells(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1) + "\n"


def name_cells(notebook: NotebookNode) -> None:
    """Give every cell a readable id that does not change from build to build."""
    section, taken = "start", set()
    cells = notebook.cells
    for index, cell in enumerate(cells):
        language = _language(cell)
        following = cells[index + 1] if index + 1 < len(cells) else None
        english = following if language == "ru" and following is not None else cell
        if _language(english) == "en":
            section = _slug(english.source) or section
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or f"{section}-{language or 'code'}"
        number, unique = 2, name
        while unique in taken:
            unique, number = f"{name}-{number}", number + 1
        taken.add(unique)
        cell.id = unique


def _language(cell: NotebookNode) -> str:
    tags = cell.metadata.get("tags", [])
    return next((tag.removeprefix("lang-") for tag in tags if tag.startswith("lang-")), "")


def _slug(markdown: str) -> str:
    heading = re.search(r"^#+ (.+)$", markdown, re.MULTILINE)
    words = re.findall(r"[a-z0-9]+", heading[1].lower()) if heading else []
    return "-".join(words[:6])


def main() -> int:
    """Run from the command line; the number of stale notebooks decides the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 if a notebook is stale")
    parser.add_argument("--class", dest="folder", type=Path, metavar="DIR", help="a class folder instead of our course")
    arguments = parser.parse_args()
    check, root = arguments.check, (arguments.folder or ROOT).resolve()
    stale = 0
    for script, notebook in pairs(root, root / "source" if arguments.folder else root / "assignments" / "source"):
        text = notebook_text(script)
        if notebook.exists() and notebook.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{'stale' if check else 'written'}: {notebook.relative_to(root)}")
        if not check:
            notebook.parent.mkdir(parents=True, exist_ok=True)
            notebook.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
