"""The libraries that a class promises: read, looked for, told."""

from importlib import metadata

import nbformat
import pytest
import torch
from pydantic import ValidationError

from grader.cli.health import look_at_class
from grader.course.config import CONFIG_NAME, ClassConfig
from grader.course.folder import Course
from grader.course.packages import DEFAULT_PACKAGES, modules_of, packages_of, told
from grader.grading.conditions import conditions_of


def test_the_libraries_of_a_new_class_are_here_and_are_imported_by_their_own_names() -> None:
    packages = packages_of(DEFAULT_PACKAGES)
    assert all(package.is_right for package in packages)
    assert told(packages)[0] == f"torch {torch.__version__.partition('+')[0]}"
    assert {modules_of(name) for name in ("scikit-learn", "pillow", "torch")} == {("sklearn",), ("PIL",), ("torch",)}


def test_what_is_not_installed_or_is_of_another_version_is_not_promised_to_students() -> None:
    version = metadata.version("numpy")
    packages = packages_of((f"numpy=={version}", "numpy-of-tomorrow>=1.4", "pandas<0.1", "scipy>=1,<999"))
    assert [package.is_right for package in packages] == [True, False, False, True]
    assert packages[1].version == ""
    assert [line.split()[0] for line in told(packages)] == ["numpy", "scipy"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["torch >= "], "no package"),
        (["albumentations @ https://example.org/a.whl"], "more than a name and versions"),
        (["torch; python_version > '3'"], "more than a name and versions"),
        (["scikit-learn", "Scikit_Learn>=1"], "more than once"),
    ],
)
def test_a_line_that_is_no_package_is_refused_with_what_is_expected(lines: list[str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ClassConfig.model_validate({"name": "a class", "packages": lines})


def test_the_contest_s_notebook_names_them_below_its_title_and_others_do_not(course: Course) -> None:
    first = {
        slug: nbformat.read(course.release / slug / f"{slug}.ipynb", as_version=4).cells[0].source.split("\n")
        for slug in ("springfield", "resnet")
    }
    promised = ", ".join(conditions_of(course, "resnet", slots=1).packages)
    assert first["springfield"][0] == "# Journey to Springfield"
    assert f"**Libraries while grading:** {promised}." in first["springfield"][2]
    assert "torchvision" in promised
    assert not any("Libraries" in line for line in first["resnet"][:4])


def test_the_doctor_says_what_is_missing_and_how_to_get_it(course: Course) -> None:
    path = course.root / CONFIG_NAME
    path.write_text(path.read_text().replace('    "tqdm",', '    "tqdm", "numpy-of-tomorrow>=1.4", "scipy2>0",'))
    found = next(finding for finding in look_at_class(course.root) if finding.what == "packages for notebooks")
    assert not found.is_good
    assert found.is_needed
    assert "numpy-of-tomorrow is not installed (wanted: >=1.4)" in found.found
    assert "pip install 'numpy-of-tomorrow>=1.4' 'scipy2>0'" in found.remedy
