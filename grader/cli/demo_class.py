"""A class to look at: a drawn town, students with right, wrong and hostile answers, nothing downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat

from grader.audit.answers import Answer, read_answer, reference_answer
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.course.new_class import course_solutions, init
from grader.course.release import release
from grader.datasets.build import new_seed
from grader.datasets.synthesize import IMAGES, SIZE, synthesize
from grader.errors import InvalidConfig
from grader.files import write_atomically

SLUGS = ("resnet", "springfield")
# Of each student: the answer to each assignment, as a file below solutions/<slug>/, or the reference.
CLASS: dict[str, dict[str, str]] = {
    "lisa": {"resnet": "reference", "springfield": "right/small_resnet"},
    "martin": {"resnet": "right/nested_sequential"},
    "bart": {"resnet": "wrong/relu_missing_after_add", "springfield": "wrong/sample_submission"},
    "milhouse": {"resnet": "wrong/stride_in_second_convolution", "springfield": "wrong/wrong_header"},
    "sherri": {"resnet": "wrong/skip_detached"},
    "wendell": {"resnet": "wrong/layers_in_a_list"},
    "ralph": {"resnet": "hostile/syntax_error", "springfield": "wrong/weak_linear"},
    "jimbo": {"resnet": "hostile/endless_loop"},
    "kearney": {"resnet": "hostile/os_exit"},
    "nelson": {"resnet": "hostile/reads_the_answers"},
}
TRAIN_S = 45
QUICK_LIMITS = "[assignments.resnet]\nlimits = { cell_s = 15, wall_s = 90 }\n"


def prepare(folder: Path, tell: Callable[[str], None]) -> Course:
    """Make the demo's class, or find it as an earlier demo left it.

    Args:
        folder: where it lives.
        tell: hears what is being done, a line at a time.

    Raises:
        InvalidConfig: the folder holds something else.
    """
    if (folder / CONFIG_NAME).is_file():
        course = Course.open(folder)
        if not (course.root / ".demo").is_file():
            raise InvalidConfig(f"{course.root} is a class of yours.", remedy="Name another folder for the demo.")
        if (course.root / ".demo").read_text() == "ready":
            tell(f"the demo's class is there: {course.root}")
            return course
    else:
        course = init(folder, name="Спрингфилд: демонстрация")
    tell(f"class folder: {course.root}")
    write_atomically(course.root / ".demo", b"begun")
    _shorten_limits(course)
    course = Course.open(course.root)
    report = synthesize(course.dataset, seed=new_seed(), images=IMAGES, size=SIZE, replace=True)
    drawn = f"{report.train_images} training images of {len(report.classes)} characters"
    tell(f"drew a town: {drawn} in {report.wall_s:.0f} s")
    for slug in SLUGS:
        release(course, slug)
    tell(f"released: {', '.join(SLUGS)}")
    _hand_in(course)
    tell(f"{sum(len(answers) for answers in CLASS.values())} submissions of {len(CLASS)} students")
    write_atomically(course.root / ".demo", b"ready")
    return course


def _shorten_limits(course: Course) -> None:
    """The demo has an endless loop in it and trains for a minute; a real class gives a notebook more time."""
    path = course.root / CONFIG_NAME
    text = path.read_text(encoding="utf-8")
    if QUICK_LIMITS not in text:
        write_atomically(path, shorten_training(text.replace("[assignments.resnet]\n", QUICK_LIMITS)).encode())


def shorten_training(class_toml: str) -> str:
    """A new class's settings, with `TRAIN_S` seconds to train."""
    return class_toml.replace("train_s = 600 ", f"train_s = {TRAIN_S} ")


def _hand_in(course: Course) -> None:
    for student, answers in CLASS.items():
        for slug, name in answers.items():
            released = nbformat.read(course.release / slug / f"{slug}.ipynb", as_version=4)
            reference = reference_answer(nbformat.read(course.source / slug / f"{slug}.ipynb", as_version=4))
            path = course_solutions() / slug / f"{name}.py"
            patch = Answer("reference", {}) if name == "reference" else read_answer(path)
            notebook = Answer(name, {**reference.cells, **patch.cells}).applied_to(released)
            text = nbformat.writes(notebook).encode()
            write_atomically(course.submitted / student / slug / f"{slug}.ipynb", text)
