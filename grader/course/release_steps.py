"""Steps of a release, as nbgrader preprocessors: one language is kept, illustrations are marked."""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from grader.notebook import mark_illustration

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
