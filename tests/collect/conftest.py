"""A class folder with one released assignment and nothing else: collecting runs no notebook."""

from pathlib import Path

import pytest
from lms_archives import notebook

from grader.course.folder import Course

ROSTER = """\
id,name,email,canvas id,github,moodle participant,team
m.ivanova,Мария Иванова,m.ivanova@school.example,,masha-i,,Пингвины
i.petrov,Иван Петров,i.petrov@school.example,7001,petroff,,Пингвины
s.kotenkin,Семён Котёнкин,,7002,,,
andrey,Андрей Йовович,,,,,
n.rimsky,Николай Андреевич Римский-Корсаков,,7003,,,
a.oneil,Anne O'Neil,anne@school.example,7004,,,
s.obrien,Seán O'Brien,,,,,
lisa,Lisa Simpson,lisa@school.example,7005,lisa-s,,
bart,Bart Simpson,bart@school.example,7006,el-barto,601,
d.smirnov1,Дмитрий Смирнов,d1@school.example,,,,
d.smirnov2,Дмитрий Смирнов,d2@school.example,,,,
"""


@pytest.fixture
def bare_class(tmp_path: Path) -> Course:
    """A class without a roster."""
    root = tmp_path / "class"
    for place in ("source", "release"):
        (root / place / "resnet").mkdir(parents=True)
        (root / place / "resnet" / "resnet.ipynb").write_bytes(notebook("author"))
    (root / "class.toml").write_text('name = "Test class"\nlanguage = "en"\n')
    return Course.open(root)


@pytest.fixture
def listed_class(bare_class: Course) -> Course:
    """The same with a roster."""
    (bare_class.root / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return bare_class
