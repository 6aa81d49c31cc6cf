"""The student's own work in a task: answers, own cells, and what they printed and drew."""

from __future__ import annotations

import re

from markupsafe import Markup
from nbformat import NotebookNode

from grader.course.titles import comment_title
from grader.language import _
from grader.printable import printable
from grader.show.feedback import markup
from grader.show.feedback.cell_outcome import exception_of, printed, read_outcome, sentence, traceback_of
from grader.show.feedback.grades import Grades
from grader.show.feedback.page import NOTHING, Output, Piece
from grader.show.feedback.sections import Section, is_answer, is_test, marks

MAX_PIECES = 60  # cells of one task that are shown; a notebook may have 2000
MAX_COLOURED = 60_000  # characters of code of the whole page: some texts take the lexer three seconds for 20 000
MAX_OUTPUTS = 20  # of one cell
MAX_PICTURES = 12  # of the whole page
_DEFINED = re.compile(r"\s*(?:def|class)\s+(\w+)")


class WorkReader:
    """Reads the work of one task after another; counts what the page as a whole may hold."""

    def __init__(self, grades: Grades, released: frozenset[str], language: str) -> None:
        self._grades = grades
        self._released = released
        self._language = language
        self._pictures = 0
        self._coloured = 0

    def pieces(self, section: Section) -> tuple[Piece, ...]:
        """The cells of a section in which there is something of the student's."""
        found: list[Piece] = []
        left_out = 0
        for cell in section.cells:
            if len(found) >= MAX_PIECES and not is_answer(cell):
                left_out += cell.cell_type == "code" and not is_test(cell)
            elif piece := self._piece(cell, section):
                found.append(piece)
        if left_out:
            found.append(Piece(_("{count} more cells are not shown.").format(count=left_out)))
        return tuple(found)

    def _piece(self, cell: NotebookNode, section: Section) -> Piece | None:
        if is_test(cell):
            return None
        if cell.cell_type != "code":
            return self._text(cell)
        return self._answer(cell) if is_answer(cell) else self._other(cell, section)

    def _text(self, cell: NotebookNode) -> Piece | None:
        """An answer in words, or a task cell that a teacher has written a comment on."""
        grade_id = marks(cell).get("grade_id", "")
        comment = markup.markdown(self._grades.comments.get(grade_id, ""))
        if not is_answer(cell):
            return Piece(_("The whole task"), comment=comment) if comment else None
        if grade_id in self._grades.untouched or not cell.source.strip():
            return Piece(_("Your answer"), remark=_("There is no answer here."), comment=comment)
        return Piece(_("Your answer"), markup.markdown(cell.source), comment=comment, is_code=False)

    def _answer(self, cell: NotebookNode) -> Piece:
        grade_id = marks(cell).grade_id
        comment = markup.markdown(self._grades.comments.get(grade_id, ""))
        if grade_id in self._grades.untouched or not cell.source.strip():
            return Piece(_("Your code"), remark=_("This cell is as it was given out."), comment=comment)
        remark, outputs = self._run(cell)
        return Piece(_("Your code"), self._code(cell.source), remark, outputs, comment)

    def _other(self, cell: NotebookNode, section: Section) -> Piece | None:
        """A cell that nbgrader does not know: of the student's own, or an author's, of which only outputs matter."""
        source = cell.source.strip()
        remark, outputs = self._run(cell)
        if source and source not in self._released:
            return Piece(_("A cell of your own"), self._code(source), remark, outputs)
        went_wrong = bool(remark) or any(output.wrong for output in outputs)
        if not source or not (went_wrong or (outputs and section.is_task)):
            return None
        unnamed = _("A cell of the notebook: `{first}`").format(first=_first_line(source))
        return Piece(comment_title(source, self._language) or unnamed, NOTHING, remark, outputs)

    def _code(self, source: str) -> Markup:
        self._coloured += min(len(source), markup.MAX_CODE)
        return markup.code(source, colours=self._coloured <= MAX_COLOURED)

    def _run(self, cell: NotebookNode) -> tuple[str, tuple[Output, ...]]:
        """What went wrong in a cell, in a sentence, and its outputs."""
        remark = sentence(read_outcome(cell).failure)
        outputs = [self._output(output) for output in cell.get("outputs", [])[:MAX_OUTPUTS]]
        # Where a limit struck, the interrupt is the grader's and not an exception of the cell's own.
        return remark, tuple(o for o in outputs if o != Output() and not (remark and o.wrong))

    def _output(self, output: NotebookNode) -> Output:
        if output.output_type == "error":
            wrong = exception_of(output)
            text, left_out = markup.lines(traceback_of(output) or wrong, last=True)
            return Output(text, left_out, wrong=wrong)
        if output.output_type == "stream":
            return Output(*markup.lines(printed(output.get("text"), None)))
        data = output.get("data", {})
        picture = markup.picture(data.get("image/png")) if self._pictures < MAX_PICTURES else ""
        if picture:
            self._pictures += 1
            return Output(picture=picture)
        return Output(*markup.lines(printed(data.get("text/plain"), None)))


def _first_line(code: str) -> str:
    """What a cell defines, or its first line that is not a comment."""
    lines = [line for line in code.split("\n") if line.strip() and not line.startswith("#")]
    first = lines[0] if lines else ""
    named = _DEFINED.match(first)
    return named[1] if named else printable(first, 60).replace("`", "")
