"""Steps of a release, as nbgrader preprocessors.

One language is kept, illustrations are marked, Colab is linked, the contest's libraries are named.
"""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Unicode

from grader.course.colab import colab_link
from grader.language import _, speaking
from grader.notebook import mark_illustration, markdown_cell

Resources = Any
ILLUSTRATION = "illustration"  # tag of a cell whose picture is the same for everybody


class KeepLanguage(NbGraderPreprocessor, Preprocessor):
    """Keeps the text cells of one language and those without a language."""

    language = Unicode("ru", help="ru or en").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Drop cells tagged for another language, and the tag from those that stay."""
        kept = []
        for cell in nb.cells:
            tags = cell.metadata.get("tags", [])
            spoken = [tag for tag in tags if tag.startswith("lang-")]
            if spoken and f"lang-{self.language}" not in spoken:
                continue
            rest = [tag for tag in tags if tag not in spoken]
            if rest:
                cell.metadata["tags"] = rest
            else:
                cell.metadata.pop("tags", None)
            kept.append(cell)
        nb.cells = kept
        return nb, resources


class MarkIllustrations(NbGraderPreprocessor, Preprocessor):
    """Marks the code cells with the tag `illustration`, which grading may leave out."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Note the hash of their text."""
        for cell in nb.cells:
            if cell.cell_type == "code" and ILLUSTRATION in cell.metadata.get("tags", []):
                mark_illustration(cell)
        return nb, resources


class AddColabLink(NbGraderPreprocessor, Preprocessor):
    """Puts a link that opens the notebook in Google Colab below the title."""

    language = Unicode("ru", help="ru or en").tag(config=True)
    addresses = Dict(help="where Colab opens each assignment's notebook").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Write the link into the first cell, or into a new one where that is graded, or no text."""
        address = self.addresses.get(resources["nbgrader"]["assignment"], "")
        if not address:
            return nb, resources
        put_below_title(nb, colab_link(address, self.language))
        return nb, resources


class NamePackages(NbGraderPreprocessor, Preprocessor):
    """Says below the title of the contest's notebook which libraries there are while grading, with their versions."""

    language = Unicode("ru", help="ru or en").tag(config=True)
    packages = Dict(help="names and versions, by assignment").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Write the line; none where the assignment promises nothing."""
        packages = self.packages.get(resources["nbgrader"]["assignment"], ())
        if packages:
            with speaking("en" if self.language == "en" else "ru"):
                line = _("**Libraries while grading:** {packages}. There are no others, and pip cannot install any.")
                put_below_title(nb, line.format(packages=", ".join(packages)))
        return nb, resources


def put_below_title(nb: NotebookNode, line: str) -> None:
    """Write a line into the first cell, below its title, or into a new one where that is graded, or no text."""
    first = nb.cells[0] if nb.cells else None
    # A cell that nbgrader knows keeps its text: its checksum tells whether a student has changed it.
    if first is None or first.cell_type != "markdown" or "nbgrader" in first.metadata:
        nb.cells.insert(0, markdown_cell(line))
        return
    title, _newline, rest = first.source.partition("\n")
    if title.startswith("#"):
        first.source = f"{title}\n\n{line}\n{rest}".rstrip("\n")
    else:
        first.source = f"{line}\n\n{first.source}"
