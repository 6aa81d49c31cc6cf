"""What an audit found. Plain frozen data; `to_dict` is what `--json` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grader.audit.cases import Kind
from grader.audit.diagnoses import Confusion, Verdict
from grader.audit.mutation import Mutant


@dataclass(frozen=True)
class CaseResult:
    """One case.

    Attributes:
        kind: what it has to earn.
        name: such as `wrong/relu_missing_after_add`.
        points: points of the autograded cells.
        max_points: what they are worth.
        wall_s: seconds that sandbox and examination took.
        findings: what is wrong; empty where nothing is.
        lost_here: points lost in the tasks, by heading, whose cells the answer gives.
        lost_elsewhere: points lost in other tasks: one mistake is charged again there.
    """

    kind: Kind
    name: str
    points: float
    max_points: float
    wall_s: float
    findings: tuple[str, ...] = ()
    lost_here: float = 0.0
    lost_elsewhere: float = 0.0


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed.

    Attributes:
        mutant: the change.
        remark: what else is to say of it.
    """

    mutant: Mutant
    remark: str = ""


@dataclass(frozen=True)
class MutationResult:
    """How many changes of the reference solution the tests notice.

    Attributes:
        tried: mutants that were graded and that no mark calls equivalent.
        killed: those of them that lost points.
        timed_out: those of the killed that a time limit ended.
        equivalent: mutants that the author marked.
        left_out: mutants that `--limit` left out.
        survivors: those that lost nothing.
        findings: marks that are not true.
    """

    tried: int
    killed: int
    timed_out: int
    equivalent: int
    left_out: int
    survivors: tuple[Survivor, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def percent(self) -> float:
        """Killed of a hundred; 100 where there was nothing to kill."""
        return 100 * self.killed / self.tried if self.tried else 100.0


@dataclass(frozen=True)
class AssignmentAudit:
    """All that was found about one assignment.

    Attributes:
        slug: its name.
        answers: the folder of its answers.
        cases: the cases, in the order of the report.
        findings: what is wrong with the assignment itself.
        mutation: None where nothing was mutated.
        remark: why nothing was mutated, or what else is to know.
        confusion: how well changes of right answers are explained; None where that was not tried.
    """

    slug: str
    answers: str
    cases: tuple[CaseResult, ...] = ()
    findings: tuple[str, ...] = ()
    mutation: MutationResult | None = None
    remark: str = ""
    confusion: Confusion | None = None

    def is_good(self, least_percent: float) -> bool:
        """Whether all cases are as they have to be and enough mutants were killed."""
        is_right = not self.findings and not any(case.findings for case in self.cases)
        mutation = self.mutation
        return is_right and (mutation is None or (not mutation.findings and mutation.percent >= least_percent))

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        mutation = self.mutation
        return {
            "assignment": self.slug,
            "answers": self.answers,
            "findings": list(self.findings),
            "remark": self.remark,
            "diagnoses": None if self.confusion is None else _confusion(self.confusion),
            "cases": [
                {
                    "kind": str(case.kind),
                    "name": case.name,
                    "points": case.points,
                    "max_points": case.max_points,
                    "wall_s": case.wall_s,
                    "findings": list(case.findings),
                    "lost_here": case.lost_here,
                    "lost_elsewhere": case.lost_elsewhere,
                }
                for case in self.cases
            ],
            "mutation": None
            if mutation is None
            else {
                "tried": mutation.tried,
                "killed": mutation.killed,
                "percent": round(mutation.percent, 2),
                "timed_out": mutation.timed_out,
                "equivalent": mutation.equivalent,
                "left_out": mutation.left_out,
                "findings": list(mutation.findings),
                "survivors": [
                    {
                        "cell": survivor.mutant.cell,
                        "line": survivor.mutant.line,
                        "kind": survivor.mutant.kind,
                        "diff": survivor.mutant.diff,
                        "remark": survivor.remark,
                    }
                    for survivor in mutation.survivors
                ],
            },
        }


def _confusion(confusion: Confusion) -> dict[str, Any]:
    return {
        "tried": len(confusion.results),
        "unnoticed": confusion.unnoticed,
        "percent": {str(verdict): round(confusion.share(verdict), 2) for verdict in Verdict},
        "by_kind": [{"made": kind, **counts} for kind, counts in confusion.table()],
        "changes": [
            {
                "answer": result.made.answer,
                "made": str(result.made.change.kind),
                "given": result.given,
                "verdict": str(result.verdict),
                "diff": result.made.mutant.diff,
                "text": result.text,
            }
            for result in confusion.results
        ],
    }
