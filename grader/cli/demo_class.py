"""A class to look at: a drawn town, students with right, wrong and hostile answers, nothing downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat

from grader.audit.answers import Answer, read_answer, reference_answer
from grader.audit.settings import TOWN_SEED
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.course.new_class import course_solutions, init
from grader.course.release import release
from grader.course.roster import ROSTER
from grader.datasets.synthesize import IMAGES, SIZE, synthesize
from grader.errors import InvalidConfig
from grader.files import write_atomically
from grader.language import _

# The contest first: its networks train for a minute, while the other notebooks are graded beside them.
SLUGS = ("springfield", "alexnet", "vgg", "skip_connection", "resnet", "densenet")
NAMES = {
    "lisa": "Лиза Симпсон",
    "martin": "Мартин Принс",
    "bart": "Барт Симпсон",
    "milhouse": "Милхаус ван Хутен",
    "sherri": "Шерри Маклберри",
    "terri": "Терри Маклберри",
    "wendell": "Венделл Бортон",
    "ralph": "Ральф Виггам",
    "jimbo": "Джимбо Джонс",
    "kearney": "Керни Зиззвич",
    "nelson": "Нельсон Манц",
    "rod": "Род Фландерс",
    "todd": "Тодд Фландерс",
    "allison": "Эллисон Тейлор",
    "database": "Кайл Датабейс",
    "lewis": "Льюис Кларк",
    "richard": "Ричард Грин",
    "janey": "Джейни Пауэлл",
    "uter": "Утер Цоркер",
    "dolph": "Дольф Шапиро",
    "laura": "Лора Пауэрс",
    "samantha": "Саманта Станки",
    "becky": "Бекки Торн",
    "greta": "Грета Вулфкасл",
}
# Of each student: the answer to each assignment, as a file below solutions/<slug>/, or the reference; `reference/3` is
# the contest's reference, trained for so many epochs. A number of epochs costs the same steps on every machine, so that
# no F1 depends on how busy it is.
# fmt: off
CLASS: dict[str, dict[str, str]] = {
    "lisa": {
        "alexnet": "reference", "vgg": "reference", "skip_connection": "reference", "resnet": "reference",
        "densenet": "reference", "springfield": "reference/20",
    },
    "martin": {
        "alexnet": "right/conv_subclass", "vgg": "reference", "skip_connection": "right/numpy_arrays",
        "resnet": "right/nested_sequential", "densenet": "right/as_in_torchvision", "springfield": "reference/6",
    },
    "bart": {
        "alexnet": "wrong/dropout_missing", "resnet": "wrong/relu_missing_after_add",
        "springfield": "wrong/sample_submission",
    },
    "milhouse": {
        "alexnet": "wrong/last_pooling_with_stride_3", "vgg": "wrong/padding_missing",
        "resnet": "wrong/stride_in_second_convolution", "springfield": "wrong/wrong_header",
    },
    "sherri": {
        "alexnet": "reference", "skip_connection": "wrong/gain_upside_down", "resnet": "wrong/skip_detached",
        "springfield": "reference/2",
    },
    "terri": {
        "alexnet": "right/dropout_by_hand", "vgg": "wrong/dropout_missing", "skip_connection": "reference",
        "resnet": "right/shortcut_first",
    },
    "wendell": {"alexnet": "wrong/relu_missing_between_linear_layers", "resnet": "wrong/layers_in_a_list"},
    "ralph": {
        "alexnet": "wrong/flatten_everything", "resnet": "hostile/syntax_error", "springfield": "wrong/weak_linear",
    },
    "jimbo": {"resnet": "hostile/endless_loop"},
    "kearney": {"resnet": "hostile/os_exit"},
    "nelson": {"resnet": "hostile/reads_the_answers"},
    "rod": {
        "alexnet": "reference", "vgg": "reference", "skip_connection": "right/step_in_place", "resnet": "reference",
    },
    "todd": {"alexnet": "wrong/two_groups", "vgg": "reference", "resnet": "wrong/second_norm_missing"},
    "allison": {
        "alexnet": "right/formulas_in_other_words", "vgg": "reference", "skip_connection": "reference",
        "resnet": "right/lazy_layers", "densenet": "right/lazy_layers", "springfield": "reference/5",
    },
    "database": {
        "alexnet": "reference", "vgg": "reference", "resnet": "reference", "densenet": "wrong/bottleneck_too_narrow",
        "springfield": "reference/4",
    },
    "lewis": {"alexnet": "wrong/size_without_the_one", "skip_connection": "wrong/skip_forgotten"},
    "richard": {"alexnet": "reference", "vgg": "wrong/squeezes_a_batch_of_one", "resnet": "wrong/skip_under_no_grad"},
    "janey": {
        "alexnet": "reference", "skip_connection": "right/tensors", "densenet": "wrong/conv_norm_relu",
        "springfield": "reference/3",
    },
    "uter": {"alexnet": "wrong/softmax_at_the_end", "vgg": "reference", "springfield": "wrong/weak_linear"},
    "dolph": {"alexnet": "wrong/no_bias_anywhere"},
    "laura": {"alexnet": "reference", "vgg": "reference", "skip_connection": "wrong/only_the_last_output"},
    "samantha": {"alexnet": "right/lazy_layers", "resnet": "right/stage_by_loop", "springfield": "reference/1"},
    "becky": {"alexnet": "wrong/dropout_always", "skip_connection": "reference"},
    "greta": {"alexnet": "wrong/pooling_without_stride"},
}
# fmt: on
QUICK_LIMITS = "[assignments.resnet]\nlimits = { cell_s = 15, wall_s = 90 }\n"
# Where the contest's reference says how long it trains.
TRAINING_CELL, TRAINING_TIME = "task1_submission", "TRAIN_SECONDS)"


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
            raise InvalidConfig(
                _("{path} is a class of yours.").format(path=course.root), remedy=_("Name another folder for the demo.")
            )
        if (course.root / ".demo").read_text() == "ready":
            tell(f"the demo's class is there: {course.root}")
            return course
    else:
        course = init(folder, name="Спрингфилд: демонстрация")
    tell(f"class folder: {course.root}")
    write_atomically(course.root / ".demo", b"begun")
    _shorten_limits(course)
    course = Course.open(course.root)
    # The audit's town: its F1s are known, and nobody is graded on it.
    report = synthesize(course.dataset, seed=TOWN_SEED, images=IMAGES, size=SIZE, replace=True)
    drawn = f"{report.train_images} training images of {len(report.classes)} characters"
    tell(f"drew a town: {drawn} in {report.wall_s:.0f} s")
    write_atomically(course.root / ROSTER, _roster().encode())
    for slug in SLUGS:
        release(course, slug)
    tell(f"released: {', '.join(SLUGS)}")
    _hand_in(course)
    tell(f"{sum(len(answers) for answers in CLASS.values())} submissions of {len(CLASS)} students")
    write_atomically(course.root / ".demo", b"ready")
    return course


def _roster() -> str:
    return "id,name\n" + "".join(f"{student},{name}\n" for student, name in NAMES.items())


def _shorten_limits(course: Course) -> None:
    """The demo has an endless loop in it; a real class gives a notebook more time."""
    path = course.root / CONFIG_NAME
    text = path.read_text(encoding="utf-8")
    if QUICK_LIMITS not in text:
        write_atomically(path, text.replace("[assignments.resnet]\n", QUICK_LIMITS).encode())


def _hand_in(course: Course) -> None:
    for slug in SLUGS:
        released = nbformat.read(course.release / slug / f"{slug}.ipynb", as_version=4)
        reference = reference_answer(nbformat.read(course.source / slug / f"{slug}.ipynb", as_version=4))
        for student, answers in CLASS.items():
            if slug in answers:
                notebook = _answer(slug, answers[slug], reference).applied_to(released)
                path = course.submitted / student / slug / f"{slug}.ipynb"
                write_atomically(path, nbformat.writes(notebook).encode())


def _answer(slug: str, name: str, reference: Answer) -> Answer:
    kind, _slash, rest = name.partition("/")
    if kind != "reference":
        patch = read_answer(course_solutions() / slug / f"{name}.py").cells
    elif rest:
        trains = reference.cells[TRAINING_CELL]
        patch = {TRAINING_CELL: trains.replace(TRAINING_TIME, f"TRAIN_SECONDS, epochs={rest})")}
    else:
        patch = {}
    return Answer(name, {**reference.cells, **patch})
