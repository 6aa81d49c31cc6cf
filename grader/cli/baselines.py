"""The verb that gives the board its lines for comparison: dataset baselines."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.cli.options import HERE, ClassDir, Json
from grader.cli.tables import print_table
from grader.language import _, addressing


def measure_baselines(
    class_dir: ClassDir = HERE,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="A submission.csv of the reference solution for this class's test, as "
            "`grader dataset solve DATASET/student --to FILE` writes it."
        ),
    ] = None,
    only_reference: Annotated[bool, typer.Option("--only-reference", help="Train nothing, score the file.")] = False,
    as_json: Json = False,
) -> None:
    """Train simple models on the class's pictures, and show on the board what they reach, in rows without a rank.

    A model of colours alone, the small network that the contest's notebook begins with, and "everything is Bart". On
    the contest's 20,000 pictures it takes some minutes.

    Example: [bold]grader dataset baselines --reference submission.csv[/]
    """
    from grader.cli.bars import counted
    from grader.course.folder import Course
    from grader.datasets import baselines
    from grader.datasets.layout import load_answer_key
    from grader.errors import InvalidConfig
    from grader.record.database import ClassDatabase
    from grader.record.page_rules import publish_rules
    from grader.scoring.points import truncated

    course = Course.open(class_dir)
    with addressing(course.config.language):
        if only_reference and reference is None:
            raise InvalidConfig(
                _("--only-reference came without a file."), remedy=_("Add --reference submission.csv to it.")
            )
        if reference is not None:
            key = load_answer_key(course.dataset)
            baselines.store(course.dataset, [baselines.reference(key, reference)])
        if not only_reference:
            from grader.datasets import baseline_models

            with counted(_("reading and training"), quiet=as_json) as progress:
                for line in baseline_models.measure(course.dataset, progress):
                    baselines.store(course.dataset, [line])
        with ClassDatabase.open(course.database_url) as database:
            publish_rules(course, database)
        lines = baselines.load(course.dataset)
    if as_json:
        print(json.dumps({"baselines": [asdict(line) for line in lines]}, ensure_ascii=False))
        return
    rows = [
        (line.kind.value.replace("_", " "), truncated(line.f1), str(line.correct), str(line.total)) for line in lines
    ]
    print_table(Console(highlight=False), (_("baseline"), "F1", _("right"), _("of")), rows)
