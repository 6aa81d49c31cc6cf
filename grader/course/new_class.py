"""Make a class folder with our course in it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from grader.course.config import CONFIG_NAME, load_config
from grader.course.folder import Course
from grader.course.packages import DEFAULT_PACKAGES
from grader.errors import EnvironmentFault, InvalidConfig
from grader.language import _

NBGRADER_CONFIG = """\
# nbgrader grades behind the sandbox too: `nbgrader autograde` and formgrader's button use the sealed steps.
from pathlib import Path

from grader.nbgrader_plugins import configure

configure(get_config(), Path(__file__).parent)  # noqa: F821  nbgrader gives get_config
"""
CLASS_TOML = """\
# What this class decides. Every setting has a default but the name; `grader doctor` checks the file.
schema = 1
name = "{name}"
language = "{language}"            # ru or en: releases, messages, feedback
timezone = "{timezone}"
slots = 0                  # submissions graded at once; 0: one per core
per_gpu = 1                # submissions graded at once on each GPU
# colab = "https://github.com/OWNER/REPOSITORY/tree/main/release"  # where you put release/: notebooks link to Colab
hints = "full"             # told of a mistake: what it is; "place": in which function; "none": that there is one
# Libraries that notebooks may use; the contest's notebook says them with their versions. More: install it, add it here.
packages = [
{packages}
]

[limits]                   # of one submission
wall_s = 300
cell_s = 60
call_s = 20
memory_mib = 4096
gpu = "auto"               # the contest's notebooks get a GPU where there is one; "on": all notebooks; or "off"

[contest]
average = "micro"          # what the contest measures; or "macro"
grade_on = "public"        # or "private"
ladder = true              # only a clear improvement on a student's own best changes the score
quota = {{ per_day = 5, in_total = 0, invalid_per_day = 20, mib_per_day = 1000 }}  # of a student; 0: no limit
held_out = 10              # training pictures of each character that show a student where the network fails; 0: none
withhold = false           # true: notebooks that are run train without those; false: they say whether they did
thresholds = [
    ["0.83", 1], ["0.84", 2], ["0.85", 3], ["0.86", 4], ["0.87", 5],
    ["0.88", 6], ["0.89", 7], ["0.90", 8], ["0.91", 9], ["0.92", 10],
    ["0.93", 11], ["0.94", 12], ["0.95", 13], ["0.96", 14], ["0.97", 15],
]

[late]
policy = "none"            # late work keeps its points; "percent": see below; "budget": late days for the term
grace_minutes = 0          # so much later is not late yet
# percent = 10             # of the points, a day begun; with a budget, for days that it does not cover: all if left out
# at_most = 50             # percent that are taken off in all
# days = 5                 # the budget of a student

[assignments.alexnet]
title = "AlexNet"
# deadline = 2026-12-01             # a date: until the end of that day; or a moment, 2026-12-01T18:00:00
# counts = "best"          # of several submissions; left out, "last", and in the contest "best"
# colab = "https://drive.google.com/file/d/ID/view"  # this notebook lies on Google Drive: the link opens it in Colab
# goal = 6                 # the projector shows how many have so many points; left out: two thirds; 0: no goal

[assignments.vgg]
title = "VGG"

[assignments.skip_connection]
title = "{skip_connection}"

[assignments.resnet]
title = "ResNet"

[assignments.densenet]
title = "DenseNet"

[assignments.springfield]
title = "{springfield}"
contest = true
source = "rerun"           # runs the notebook; "network": it predicts with weights that are handed in, nothing trains;
                           # "csv": submission.csv is handed in; "kaggle": grader import-kaggle
train_s = 600              # seconds that a notebook may train; it reads SPRINGFIELD_TRAIN_SECONDS
# weights = "weights"      # a folder here with ImageNet weights (*.pth): torchvision finds them without a download
limits = {{ wall_s = 1200, cell_s = 1200 }}

# [reminders]                # for `grader remind`; see `grader manual`
# url_env = "GRADER_REMINDERS"         # a variable with the address of a mail server or messenger, or:
# url_file = "~/.grader-reminders"     # a file for you alone (chmod 600) with it

# [moodle]                   # for `grader moodle pull` and `push`
# url = "https://moodle.school.org"
# token_file = "~/.moodle-token"       # of a web service, a file for you alone; or the variable MOODLE_TOKEN
# assignments = {{ resnet = 123 }}       # the number in the assignment's address, mod/assign/view.php?id=123

# [cluster]                  # for `--cluster`: other machines, on which `grader worker` runs, grade
# host = "10.0.0.1"          # this machine, as the others reach it; `grader cluster init` makes the certificates
# port = 8786
# wait_s = 600               # seconds after which `grader grade` ends where no machine is there; 0: it waits on
"""
TITLES = {
    "ru": {"skip_connection": "Обходной путь", "springfield": "Путешествие по Спрингфилду"},
    "en": {"skip_connection": "Skip connection", "springfield": "Journey to Springfield"},
}


def course_source() -> Path:
    """The folder with our course's notebooks: of the repository, or the one that travels in the wheel.

    Raises:
        EnvironmentFault: neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "course_data" / "assignments", package.parent / "assignments"):
        if (folder / "source").is_dir():
            return folder
    raise EnvironmentFault(
        _("The course's notebooks were not found beside the package."), remedy=_("Install it again.")
    )


def course_solutions() -> Path:
    """The folder with reference solutions and right and wrong answers, beside `course_source`."""
    return course_source().parent / "solutions"


def init(root: Path, *, name: str = "", language: str = "ru", timezone: str = "Europe/Moscow") -> Course:
    """Make a class folder with our course in it; all of it appears at once, or nothing.

    Raises:
        InvalidConfig: the folder exists and is not empty.
        EnvironmentFault: it cannot be written.
    """
    root = root.resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InvalidConfig(
            _("{root} is there already and is not an empty folder.").format(root=root), remedy=_("Name a new folder.")
        )
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".grader-init-", dir=root.parent) as made:
            folder = Path(made) / "class"
            for part in ("source", "release", "submitted", "autograded", "feedback"):
                (folder / part).mkdir(parents=True)
            shutil.copytree(course_source() / "source", folder / "source", dirs_exist_ok=True, ignore=_junk)
            text = class_toml(name or root.name, language, timezone)
            (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
            (folder / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
            load_config(folder / CONFIG_NAME)
            folder.chmod(0o700)
            if root.exists():
                root.rmdir()
            folder.rename(root)
    except OSError as error:
        raise EnvironmentFault(
            _("{root} cannot be written: {strerror}.").format(root=root, strerror=error.strerror),
            remedy=_("Nothing was left behind; free space or name another folder."),
        ) from error
    return Course.open(root)


def class_toml(name: str, language: str = "ru", timezone: str = "Europe/Moscow") -> str:
    """The text of a new class.toml, with titles in the class's language."""
    titles = TITLES.get(language, TITLES["en"])  # `load_config` complains of an unknown language
    packages = "\n".join(f'    "{package}",' for package in DEFAULT_PACKAGES)
    return CLASS_TOML.format(name=_quoted(name), language=language, timezone=timezone, packages=packages, **titles)


def _junk(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(".") or name == "__pycache__"}


def _quoted(name: str) -> str:
    """The name as the inside of a TOML basic string."""
    return "".join(c for c in name if c.isprintable()).replace("\\", "\\\\").replace('"', '\\"')
