"""What a student hands in through the page: which file is it, and is it fit to be graded? No label is needed here.

The page runs these checks before a file is queued, and the watcher again before it believes them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from grader.collect.archives import read_small
from grader.collect.inbox import MAX_FILE_BYTES, MAX_NETWORK_BYTES
from grader.collect.weights import weights_among
from grader.errors import InvalidSubmission
from grader.language import _
from grader.notebook import read_notebook, require_cells
from grader.scoring.baseline import Baseline, BaselineKind
from grader.scoring.late import Counts, LateRules
from grader.scoring.points import PointsTable, Threshold
from grader.scoring.quota import Quota
from grader.scoring.submission_csv import SUBMISSION_CSV, parse_submission

SCHEMA = 1
_MAX_FILES = 50
_MAX_UNPACKED_BYTES = 64 * 1024 * 1024
_MAX_PART_BYTES = 255  # of a name, on every file system that Linux keeps a class on
_MAX_PATH_BYTES = 1024  # PATH_MAX is 4096, and the class folder stands before it
_STAMP = "timestamp.txt"  # `submissions.TIMESTAMP`; that module would load nbgrader into the page


@dataclass(frozen=True, slots=True)
class PageRules:
    """What the page knows of an assignment; stored in the class database, so no label and no part is in it.

    Attributes:
        source: where points come from: `rerun` takes a notebook, `network` a notebook with weights, `csv` a
            submission.csv, `kaggle` nothing.
        cell_ids: names of the notebook's graded cells.
        image_ids: file names of the contest's test images.
        classes: names that a label may have.
        table: the contest's points ladder.
        public_total: images of the public part.
        grade_on: the part that points come from.
        quota: how much a student may hand in; None outside the contest.
        has_ladder: whether only a clear improvement changes the score.
        full_points: what can be earned without the answers that a person reads; None where nobody has said.
        goal: points that everybody in the class is to reach; 0 where the class has no such goal.
        baselines: what simple models reach.
        late: what being late costs.
        counts: which of a student's submissions is the grade.
    """

    source: str = "rerun"
    cell_ids: tuple[str, ...] = ()
    image_ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    table: PointsTable | None = None
    public_total: int = 0
    grade_on: str = "public"
    quota: Quota | None = None
    has_ladder: bool = False
    full_points: float | None = None
    goal: float = 0.0
    baselines: tuple[Baseline, ...] = ()
    late: LateRules = field(default_factory=LateRules)
    counts: Counts = Counts.LAST

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        table = self.table.thresholds if self.table else ()
        return {
            "schema": SCHEMA,
            "source": self.source,
            "cell_ids": list(self.cell_ids),
            "image_ids": list(self.image_ids),
            "classes": list(self.classes),
            "table": [[str(step.f1), step.points] for step in table],
            "public_total": self.public_total,
            "grade_on": self.grade_on,
            "quota": None if self.quota is None else asdict(self.quota),
            "has_ladder": self.has_ladder,
            "full_points": self.full_points,
            "goal": self.goal,
            "baselines": [asdict(line) for line in self.baselines],
            "late": self.late.to_json(),
            "counts": str(self.counts),
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> PageRules:
        """As it was stored; rules of another version say nothing."""
        if plain.get("schema") != SCHEMA:
            return cls()
        steps = tuple(Threshold(Fraction(f1), points) for f1, points in plain["table"])
        return cls(
            source=plain["source"],
            cell_ids=tuple(plain["cell_ids"]),
            image_ids=tuple(plain["image_ids"]),
            classes=tuple(plain["classes"]),
            table=PointsTable(steps) if steps else None,
            public_total=plain["public_total"],
            grade_on=plain["grade_on"],
            quota=None if plain["quota"] is None else Quota(**plain["quota"]),
            has_ladder=plain["has_ladder"],
            # An earlier grader has not written these.
            full_points=plain.get("full_points"),
            goal=plain.get("goal", 0.0),
            baselines=tuple(
                Baseline(BaselineKind(line["kind"]), line["correct"], line["total"], line["label"])
                for line in plain.get("baselines", ())
            ),
            late=LateRules.from_json(plain.get("late", {})),
            counts=Counts(plain.get("counts", "last")),
        )

    @property
    def takes(self) -> tuple[str, ...]:
        """Endings of files that can be handed in."""
        return {"rerun": ("ipynb", "zip"), "network": ("zip",), "csv": ("csv", "zip")}.get(self.source, ())

    @property
    def max_bytes(self) -> int:
        """Bytes that one upload may have."""
        return MAX_NETWORK_BYTES if self.source == "network" else MAX_FILE_BYTES


def unpack(filename: str, data: bytes, slug: str, rules: PageRules) -> dict[str, bytes]:
    """The files that go into `submitted/<student>/<slug>/`, by relative path, after every check that needs no label.

    Args:
        filename: as the browser named it.
        data: the uploaded bytes.
        slug: the assignment.
        rules: of the assignment.

    Raises:
        InvalidSubmission: what was found, what was expected, what to do.
    """
    if len(data) > rules.max_bytes:
        raise InvalidSubmission(
            _("The file has {found} MiB; at most {allowed} MiB are taken.").format(
                found=len(data) >> 20, allowed=rules.max_bytes >> 20
            ),
            remedy=_("Clear the notebook's outputs and leave pictures and weights out."),
        )
    kind = require_kind(filename, slug, rules, rules.takes)
    wanted = SUBMISSION_CSV if rules.source == "csv" else f"{slug}.ipynb"
    if kind == "zip":
        most = max(rules.max_bytes, _MAX_UNPACKED_BYTES)
        files = _named(read_small(data, max_files=_MAX_FILES, max_bytes=most), wanted)
        _require_ordinary_names(files)
    else:
        files = {wanted: data}
    if rules.source == "csv":
        parse_submission(files[wanted], rules.image_ids, rules.classes)
    else:
        require_cells(read_notebook(files[wanted]), slug, rules.cell_ids)
    if rules.source == "network":
        weights_among({name: len(content) for name, content in files.items()})
    return files


def require_kind(filename: str, slug: str, rules: PageRules, kinds: tuple[str, ...]) -> str:
    """The file's ending, where it is one that is taken.

    Args:
        filename: as the browser named it.
        slug: the assignment.
        rules: of the assignment.
        kinds: endings that are taken.

    Raises:
        InvalidSubmission: it is another one; who brings predictions where a notebook is graded is told so.
    """
    kind = filename.rsplit(".", 1)[-1].lower()
    if kind in kinds:
        return kind
    if kind == "csv" and "ipynb" in kinds:
        raise InvalidSubmission(
            _("This is a file of predictions, and here the notebook is graded: it predicts by itself.")
            if rules.table is not None
            else _("This is a table, and here the notebook is graded."),
            remedy=_("Hand in the notebook {name}.").format(name=f"{slug}.ipynb"),
        )
    raise InvalidSubmission(
        _("A file of the kind .{kind} is not taken here; expected: {kinds}.").format(
            kind=kind[:20], kinds=", ".join(f".{known}" for known in kinds) or _("nothing")
        ),
        remedy=_("Choose the file that the assignment asks for."),
    )


def require_network(notebook: bytes, weights: str, size: int, slug: str, rules: PageRules) -> None:
    """The checks of `unpack` for a notebook and weights that are not in an archive yet.

    Args:
        notebook: its bytes.
        weights: name of the other file.
        size: bytes of that.
        slug: the assignment.
        rules: of the assignment.

    Raises:
        InvalidSubmission: what was found, what was expected, what to do.
    """
    weights_among({weights: size})
    require_cells(read_notebook(notebook), slug, rules.cell_ids)


def _named(files: dict[str, bytes], wanted: str) -> dict[str, bytes]:
    """The archive's files with the one that is graded under its own name."""
    if wanted in files:
        return files
    ending = wanted.rsplit(".", 1)[-1]
    same_kind = [name for name in files if name.lower().endswith(f".{ending}")]
    if len(same_kind) != 1:
        raise InvalidSubmission(
            _("The archive holds no {wanted} (found: {found}).").format(
                wanted=wanted, found=", ".join(sorted(files)[:5])[:300] or _("nothing")
            ),
            remedy=_("Put {wanted} into the archive under this name.").format(wanted=wanted),
        )
    return {wanted if name == same_kind[0] else name: data for name, data in files.items()}


def _require_ordinary_names(files: dict[str, bytes]) -> None:
    """Every name can be a file beside all the others and beside the time stamp that the watcher adds."""
    taken = {*files, _STAMP}
    for name in files:
        parts = name.split("/")
        is_long = len(name.encode()) > _MAX_PATH_BYTES or any(len(part.encode()) > _MAX_PART_BYTES for part in parts)
        is_below_a_file = any(str(folder) in taken for folder in PurePosixPath(name).parents)
        if is_long or is_below_a_file or not {"", "."}.isdisjoint(parts):
            raise InvalidSubmission(
                _("The archive holds a file under a name that cannot be written: {name}.").format(name=name[:100]),
                remedy=_("Give every file a short name of its own, and pack the files anew."),
            )
