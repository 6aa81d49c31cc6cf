"""The wheel, installed where no repository is: the course comes along, and students cannot read it there."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from classroom import REPOSITORY

from grader.audit.answers import Answer, reference_answer
from grader.course import new_class

pytestmark = pytest.mark.slow

# Folders of the repository, and where the wheel carries them.
CARRIED = {
    "grader": "grader",
    "leaderboard_app": "leaderboard_app",
    "assignments": "grader/course_data/assignments",
    "solutions": "grader/course_data/solutions",
}
LOOK_FOR_ANSWERS = """\
import json, os
names = {"resnet.ipynb", "springfield.ipynb", "relu_missing_after_add.py", "residual_network.py", "grader.po"}
found = []
for top in set(os.listdir("/")) - {"proc", "sys", "dev"}:
    for folder, folders, files in os.walk("/" + top):
        found += [os.path.join(folder, name) for name in files if name in names]
        if "springfield_grader" not in folder and os.path.basename(folder) in ("grader", "leaderboard_app"):
            found += [os.path.join(folder, name) for name in folders + files]
try:
    import grader.checks
    found.append("import grader.checks")
except ImportError:
    pass
print("FOUND", json.dumps(found))
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and a folder to work in that is far from the repository."""

    python: Path
    folder: Path

    def grader(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the installed command."""
        return self.run(self.python.with_name("grader"), *arguments)

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        """Run a program of this environment."""
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_COLOR": "1", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel in a fresh environment; torch and the other libraries are hard links to those of this one.

    They have to lie inside the environment, because the sandbox shows that and nothing else.
    """
    work = tmp_path_factory.mktemp("installed")
    is_near = work.stat().st_dev == Path(sys.prefix).stat().st_dev
    with tempfile.TemporaryDirectory(prefix=".wheel-", dir=work if is_near else Path(sys.prefix).parent) as folder:
        environment = Path(folder) / "venv"
        venv.create(environment)
        here = Path(sysconfig.get_path("purelib"))
        site = environment / here.relative_to(sys.prefix)
        ours = shutil.ignore_patterns("*springfield_grader*", "__editable__*", "grader", "leaderboard_app")
        shutil.copytree(here, site, copy_function=os.link, symlinks=True, ignore=ours, dirs_exist_ok=True)
        # templates of nbconvert
        shutil.copytree(Path(sys.prefix) / "share", environment / "share", copy_function=os.link, symlinks=True)
        python = environment / "bin" / "python"
        install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
        subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
        # nbgrader starts `alembic` by name; a script's first line names its interpreter.
        script = (Path(sys.executable).parent / "alembic").read_text().split("\n", 1)[1]
        (python.with_name("alembic")).write_text(f"#!{python}\n{script}")
        (python.with_name("alembic")).chmod(0o755)
        yield Installed(python, work)


@pytest.fixture(scope="module")
def class_dir(installed: Installed) -> Path:
    """A class made, filled with a small town and released by the installed command."""
    folder = installed.folder / "class"
    for command in (
        ["init", folder],
        ["dataset", "synthesize", "--images", "126", "--size", "32", "--class", folder],
        ["release", "--class", folder],
    ):
        done = installed.grader(*command)
        assert done.returncode == 0, done.stderr
    return folder


def test_everything_that_is_read_at_run_time_travels_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
    for folder, inside in CARRIED.items():
        for path in (REPOSITORY / folder).rglob("*"):
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
                assert f"{inside}/{path.relative_to(REPOSITORY / folder)}" in carried
    assert not [name for name in carried if name.startswith(("tests/", "assignments/", "solutions/"))]


def test_the_installed_package_is_the_one_that_runs(installed: Installed) -> None:
    done = installed.run(installed.python, "-c", "import grader, leaderboard_app; print(grader.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed.python.parent.parent), done.stderr
    assert installed.grader("--version").returncode == 0


def test_a_class_is_graded_without_the_repository(installed: Installed, class_dir: Path) -> None:
    answers = class_dir.parent / "answers"
    released = nbformat.read(class_dir / "release" / "resnet" / "resnet.ipynb", as_version=4)
    source = nbformat.read(class_dir / "source" / "resnet" / "resnet.ipynb", as_version=4)
    for student, cells in {
        "lisa": reference_answer(source).cells,
        "nelson": {"task1_basic_block": LOOK_FOR_ANSWERS},
    }.items():
        answers.joinpath(student).mkdir(parents=True)
        nbformat.write(Answer(student, cells).applied_to(released), answers / student / "resnet.ipynb")
    assert installed.grader("collect", "resnet", answers, "--class", class_dir).returncode == 0
    done = installed.grader("grade", "resnet", "--json", "--class", class_dir)
    assert done.returncode == 0, done.stdout + done.stderr
    lisa, nelson = json.loads(done.stdout)["submissions"]
    assert {task["outcome"] for task in lisa["tasks"]} == {"passed", "manual"}
    # the messages are in the class's language, so the catalogues came along
    assert re.search("[а-я]", " ".join(task["message"] for task in nelson["tasks"]))
    executed = (class_dir / "autograded" / "nelson" / "resnet" / "resnet.ipynb").read_text()
    assert "FOUND []" in executed, executed[executed.find("FOUND") :][:2000]


def test_feedback_export_and_doctor_work_without_the_repository(installed: Installed, class_dir: Path) -> None:
    assert installed.grader("feedback", "--class", class_dir).returncode == 0
    assert (class_dir / "feedback" / "lisa" / "resnet" / "resnet.html").is_file()
    assert "lisa,,resnet," in installed.grader("export", "--class", class_dir).stdout
    doctor = installed.grader("doctor", "--class", class_dir)
    assert doctor.returncode == 0, doctor.stdout


def test_the_page_is_served_without_the_repository(installed: Installed, class_dir: Path) -> None:
    port = "18517"
    command = [installed.python.with_name("grader"), "leaderboard", "--class", class_dir, "--port", port]
    page = subprocess.Popen(command, cwd=installed.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        assert _answers(f"http://127.0.0.1:{port}/_stcore/health", page)
    finally:
        page.terminate()
        page.wait(timeout=20)


def test_an_editable_install_puts_no_course_into_the_environment() -> None:
    """The sandbox shows the environment to students; hatchling's `force-include` had copied the solutions into it."""
    environment = Path(sysconfig.get_path("purelib"))
    if Path(new_class.__file__).is_relative_to(environment):
        pytest.skip("the package is installed here as a wheel")
    assert [path for path in (environment / "grader").rglob("*") if path.is_file()] == []


def _answers(address: str, page: subprocess.Popen[bytes]) -> bool:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and page.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as reply:
                return reply.status == 200
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    return False
