"""What schools really send: everything is attributed rightly, asked about or said; nothing becomes another's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lms_archives import (
    AT_NOON,
    MOODLE_40,
    Entry,
    blackboard,
    by,
    canvas,
    from_mac,
    laid_out,
    moodle,
    moodle_flat,
    moodle_text,
    repository,
    zipped,
)

from grader.collect.answers import of_mapping
from grader.collect.folders import Collected, gather
from grader.collect.worksheet import read_worksheet
from grader.course.folder import Course

RUSSIANS = [
    moodle("m.ivanova", "Иванова Мария", 101),
    moodle("i.petrov", "Петров Иван", 102),
    moodle("s.kotenkin", "КОТЕНКИН Семен", 103),
    moodle("andrey", "Йовович Андрей", 104),
]
THEM = {"m.ivanova", "i.petrov", "s.kotenkin", "andrey"}
PENGUINS = {"m.ivanova", "i.petrov"}
NOT_QUITE = ("Иванова (9А)", "Римский-Корсаков Николай", "Petrov Ivan")
WORKSHEET = """\
Идентификатор,Полное имя,Адрес электронной почты,Состояние,Оценка,Максимальная оценка
Участник501,Lisa Simpson,lisa@school.example,Ответ для оценки,,10
Участник502,Дмитрий Смирнов,d2@school.example,Ответ для оценки,,10
Участник503,Иванова Мария,,Ответ для оценки,,10
Участник601,Семён Котёнкин,,Ответ для оценки,,10
"""
BLIND_SHEET = "Identifier,Status,Grade\nParticipant 501,Submitted,\nParticipant 502,Submitted,\n"
SIMPSONS_ZIP = zipped([by("lisa", "homework/resnet.ipynb"), Entry("homework/models/mine.pth", b"weights")])


@dataclass(frozen=True)
class Case:
    """What was brought and what has to come of it.

    Attributes:
        entries: the files.
        taken: students whose own work is taken.
        asked: names that a teacher is asked about.
        said: parts of what is said of files that are left out or not counted.
        has_roster: whether the class has its roster.
        encoding: of the archive's names, without a mark.
        is_folder: whether it is a folder; else an archive.
        name: of the archive.
        answers: of the teacher's.
        worksheet: Moodle's.
        team: students who share one notebook.
        is_complete: whether the exit code is 0.
    """

    entries: Sequence[Entry]
    taken: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    said: Sequence[str] = ()
    has_roster: bool = True
    encoding: str = ""
    has_unicode_field: bool = False
    is_folder: bool = False
    name: str = "resnet-assignment.zip"
    answers: Mapping[str, str] = field(default_factory=dict)
    worksheet: str = ""
    team: set[str] = field(default_factory=set)
    is_complete: bool | None = None


CASES = {
    # Moodle
    "Moodle 4.1 with folders: names in either order, in any case, with or without ё": Case(RUSSIANS, THEM),
    "Moodle before 4.1 ends its folders in an underscore": Case(
        [moodle("m.ivanova", "Мария Иванова", 101, end=MOODLE_40)], {"m.ivanova"}
    ),
    "Moodle without folders writes everything into the file's name": Case(
        [moodle_flat("m.ivanova", "Мария Иванова", 101), moodle_flat("i.petrov", "Иван Петров", 102, "homework.ipynb")],
        PENGUINS,
    ),
    "Moodle's text that was typed in is no notebook, and is not missed where a file is there": Case(
        [moodle("m.ivanova", "Мария Иванова", 101), moodle_text("Мария Иванова", 101)], {"m.ivanova"}, is_complete=True
    ),
    "A student who typed text and handed in no file is named": Case(
        [moodle("m.ivanova", "Мария Иванова", 101), moodle_text("Иван Петров", 102)],
        {"m.ivanova"}, said=["no .ipynb file is in it (found: onlinetext.html)"], is_complete=False,
    ),
    "A student who handed in something else is named": Case(
        [moodle("m.ivanova", "Мария Иванова", 101), moodle("", "Иван Петров", 102, "resnet.docx")],
        {"m.ivanova"}, said=["found: resnet.docx"], is_complete=False,
    ),
    "In a Moodle folder a single notebook may have any name": Case(
        [moodle("m.ivanova", "Мария Иванова", 101, "моё решение (финал).ipynb")], {"m.ivanova"}
    ),
    "In a Moodle folder the notebook of the assignment's name counts before drafts": Case(
        [moodle("m.ivanova", "Мария Иванова", 101), moodle("m.ivanova", "Мария Иванова", 101, "draft.ipynb")],
        {"m.ivanova"}, said=["resnet.ipynb is taken for this student"], is_complete=True,
    ),
    "Two notebooks of other names in one folder are left to the teacher": Case(
        [
            moodle("m.ivanova", "Мария Иванова", 101, "a.ipynb"),
            moodle("m.ivanova", "Мария Иванова", 101, "b.ipynb"),
            moodle("i.petrov", "Иван Петров", 102),
        ],
        {"i.petrov"}, said=["several files may be the submission (a.ipynb, b.ipynb)"], is_complete=False,
    ),
    "Moodle's blind marking without a worksheet is asked about": Case(
        [moodle("", "Participant", 501), moodle("", "Participant", 502)], set(), {"Participant_501", "Participant_502"}
    ),
    "Moodle's blind marking in Russian is asked about without a roster too": Case(
        [moodle("", "Участник", 501)], set(), {"Участник_501"}, has_roster=False
    ),
    "A worksheet with names tells who the participants of blind marking are": Case(
        [moodle("lisa", "Участник", 501), moodle("d.smirnov2", "Участник", 502), moodle("m.ivanova", "Участник", 503)],
        {"lisa", "d.smirnov2", "m.ivanova"}, worksheet=WORKSHEET, is_complete=True,
    ),
    "A participant's number that a teacher has put into roster.csv tells who it is": Case(
        [moodle("bart", "Participant", 601)], {"bart"}
    ),
    "A number that is one student's in the worksheet and another's in roster.csv is asked about": Case(
        [moodle("", "Участник", 601)], set(), {"Участник_601"}, worksheet=WORKSHEET
    ),
    "A participant whom the worksheet does not know is asked about": Case(
        [moodle("lisa", "Участник", 777)], set(), {"Участник_777"}, worksheet=WORKSHEET
    ),
    "A worksheet of blind marking gives its identifiers where there is no roster": Case(
        [moodle("Participant 501", "Participant", 501), moodle("Participant 502", "Participant", 502)],
        {"Participant 501", "Participant 502"}, worksheet=BLIND_SHEET, has_roster=False,
    ),
    "A worksheet without names tells nobody of a roster": Case(
        [moodle("", "Participant", 502)], set(), {"Participant_502"}, worksheet=BLIND_SHEET
    ),
    "Blind marking is answered by participant": Case(
        [moodle("lisa", "Participant", 501), moodle("bart", "Participant", 502)],
        {"lisa", "bart"}, answers={"Participant_501": "lisa", "participant_502": "bart"},
    ),
    "A team's notebook is that of every member on the roster": Case(
        [moodle("m.ivanova", "Пингвины", 31)], PENGUINS, team=PENGUINS
    ),
    "A team that the roster does not know is asked about": Case(
        [moodle("", "Default group", 0)], set(), {"Default group"}
    ),
    "Two people of one name are told apart by nobody, and asked about": Case(
        [moodle("", "Дмитрий Смирнов", 1), moodle("", "Смирнов Дмитрий", 2)],
        set(), {"Дмитрий Смирнов_1", "Смирнов Дмитрий_2"},
    ),
    "Of two participants with one name, only one of whom is on the roster, both are asked about": Case(
        [moodle("", "Мария Иванова", 1), moodle("", "Мария Иванова", 2)], set(), {"Мария Иванова_1", "Мария Иванова_2"}
    ),
    "Without a roster two participants of one name are asked about": Case(
        [moodle("", "Мария Иванова", 1), moodle("", "Мария Иванова", 2), moodle("Иван Петров", "Иван Петров", 3)],
        {"Иван Петров"}, {"Мария Иванова_1", "Мария Иванова_2"}, has_roster=False,
    ),
    "Without a roster Moodle's full name is the student's id": Case(
        [moodle("Мария Иванова", "Мария Иванова", 101)], {"Мария Иванова"}, has_roster=False, is_complete=True
    ),
    "Without a roster a name that cannot be an id is asked about": Case(
        [moodle("", "O'Neil Anne", 101)], set(), {"O'Neil Anne"}, has_roster=False
    ),
    "An answer gives an id to a name that cannot be one": Case(
        [moodle("a.oneil", "O'Neil Anne", 101)], {"a.oneil"}, has_roster=False, answers={"O'Neil Anne": "a.oneil"}
    ),
    "A zip in a Moodle folder with a folder in it is unpacked, and what lies beside comes along": Case(
        [Entry("Lisa Simpson_105_assignsubmission_file/homework.zip", SIMPSONS_ZIP)], {"lisa"}
    ),
    "A zip in Moodle's flat archive is unpacked": Case(
        [Entry("Lisa Simpson_105_assignsubmission_file_hw.zip", SIMPSONS_ZIP)], {"lisa"}
    ),
    "A student's file named like the next one's folder gives the other nothing": Case(
        [
            by("", "Bart Simpson_12_assignsubmission_file_Lisa Simpson_13_assignsubmission_file_resnet.ipynb"),
            moodle_flat("i.petrov", "Иван Петров", 102),
        ],
        {"i.petrov"}, said=["another one than the folder it lies in"],
    ),
    "A notebook that names another student of the roster is left out": Case(
        [moodle("bart", "Bart Simpson", 12, "lisa_resnet.ipynb"), moodle("i.petrov", "Иван Петров", 102)],
        {"i.petrov"}, said=["another one than the folder it lies in"], is_complete=False,
    ),
    "A folder of another student's name inside is left out": Case(
        [moodle("bart", "Bart Simpson", 12, "Lisa Simpson/resnet.ipynb"), moodle("i.petrov", "Иван Петров", 102)],
        {"i.petrov"}, said=["another one than the folder it lies in"],
    ),
    # Names as archives write them
    "Explorer in Russia writes names in cp866": Case(RUSSIANS, THEM, encoding="cp866"),
    "Some archivers in Russia write names in cp1251": Case(RUSSIANS, THEM, encoding="cp1251"),
    "Small letters in cp1251 are not taken for cp866": Case(
        [by("m.ivanova", "иванова мария/resnet.ipynb")], {"m.ivanova"}, encoding="cp1251"
    ),
    "Names in UTF-8 without a mark are read": Case(RUSSIANS, THEM, encoding="utf-8"),
    "Info-ZIP's field with the name in UTF-8 is believed": Case(
        RUSSIANS, THEM, encoding="cp1251", has_unicode_field=True
    ),
    "Explorer elsewhere writes accents in cp437": Case(
        [moodle("s.obrien", "Seán O'Brien", 9)], {"s.obrien"}, encoding="cp437"
    ),
    "A Mac decomposes й and ё and adds shadows of files": Case(from_mac(RUSSIANS), THEM, is_complete=True),
    "A folder on a Mac's disk has decomposed names": Case(from_mac(RUSSIANS), THEM, is_folder=True, is_complete=True),
    "A folder that was unpacked without regard for its encoding is read": Case(
        RUSSIANS, THEM, is_folder=True, encoding="cp866"
    ),
    "Apostrophes, accents and double names are names": Case(
        [
            moodle("a.oneil", "O'Neil Anne", 1), moodle("s.obrien", "O'Brien Seán", 2),
            moodle("n.rimsky", "Римский-Корсаков Николай Андреевич", 3),
        ],
        {"a.oneil", "s.obrien", "n.rimsky"},
    ),
    "An emoji in a name changes nobody": Case([moodle("m.ivanova", "Мария 🦊 Иванова", 1)], {"m.ivanova"}),
    "A class behind the name, a name without the father's and one in Latin letters are asked about": Case(
        [by("", f"{name}/resnet.ipynb") for name in NOT_QUITE], set(), {*NOT_QUITE}
    ),
    # Canvas
    "Canvas joins last and first name in small letters and marks what is late": Case(
        [
            canvas("m.ivanova", "ивановамария", 9001, 501), canvas("lisa", "simpsonlisa", 7005, 502, late=True),
            canvas("a.oneil", "oneilanne", 7004, 503, "my homework.ipynb"),
        ],
        {"m.ivanova", "lisa", "a.oneil"},
    ),
    "Of Canvas's resubmissions the last one counts": Case(
        [
            by("lisa-old", "simpsonlisa_7005_501_resnet.ipynb"), by("lisa-old", "simpsonlisa_7005_777_resnet-1.ipynb"),
            by("lisa", "simpsonlisa_7005_1502_resnet-2.ipynb"),
        ],
        {"lisa"}, said=["resnet-2.ipynb is taken for this student"], is_complete=True,
    ),
    "Canvas's number in the roster tells a student whose name is written otherwise": Case(
        [canvas("i.petrov", "petrovivan", 7001, 501)], {"i.petrov"}
    ),
    "A Canvas number that belongs to another name is asked about": Case(
        [canvas("", "simpsonlisa", 7006, 501)], set(), {"simpsonlisa"}
    ),
    "Two Canvas users of one name are asked about without a roster": Case(
        [canvas("", "smithjohn", 1, 501), canvas("", "smithjohn", 2, 502)],
        set(), {"smithjohn_1", "smithjohn_2"}, has_roster=False,
    ),
    "Without a roster Canvas's name is the student's id": Case(
        [canvas("simpsonlisa", "simpsonlisa", 7005, 501, late=True)], {"simpsonlisa"}, has_roster=False
    ),
    # Drive, Classroom, people
    "Classroom's files bear the student's name before a dash": Case(
        [by("i.petrov", "Иван Петров - resnet.ipynb"), by("m.ivanova", "Мария Иванова - resnet (1).ipynb")],
        PENGUINS, is_folder=True,
    ),
    "Classroom's files of any name are told by what stands before the dash": Case(
        [by("i.petrov", "Иван Петров - моя тетрадь.ipynb")], {"i.petrov"}
    ),
    "Copies that Drive and browsers make in a student's folder are the student's": Case(
        [
            by("i.petrov", "Иван Петров/Копия resnet.ipynb"), by("lisa", "Lisa Simpson/Copy of resnet.ipynb"),
            by("m.ivanova", "Мария Иванова/resnet (1).ipynb"), by("bart", "bart/resnet — копия.ipynb"),
        ],
        {"i.petrov", "lisa", "m.ivanova", "bart"},
    ),
    "A copy that names nobody is asked about": Case(
        [by("", "Копия resnet.ipynb"), by("lisa", "lisa_resnet.ipynb")], {"lisa"}, {"resnet"}
    ),
    "Of two files of one name from Drive the one with the number counts": Case(
        [by("old", "Иван Петров - resnet.ipynb"), by("i.petrov", "Иван Петров - resnet (1).ipynb")],
        {"i.petrov"}, said=["resnet (1).ipynb is taken"], is_complete=True,
    ),
    "Of two notebooks in a student's folder the one that was changed last counts": Case(
        [by("old", "lisa/resnet.ipynb"), by("lisa", "lisa/resnet (1).ipynb", AT_NOON)],
        {"lisa"}, said=["lisa/resnet (1).ipynb is taken"], is_complete=True,
    ),
    "The assignment's name may stand first": Case(
        [
            by("lisa", "resnet_lisa.ipynb"), by("i.petrov", "resnet - Иван Петров.ipynb"),
            by("bart", "resnet Bart Simpson.ipynb"),
        ],
        {"lisa", "i.petrov", "bart"},
    ),
    "A file with the student's name alone is told by the roster": Case(
        [by("m.ivanova", "Иванова Мария.ipynb"), by("lisa", "lisa@school.example.ipynb")], {"m.ivanova", "lisa"}
    ),
    "A file of two students' names is asked about": Case(
        [by("", "Lisa Simpson - Bart Simpson.ipynb"), by("", "lisa - bart.ipynb")], set(),
        {"Lisa Simpson", "lisa"},
    ),
    "One folder around everything is looked into": Case(
        [Entry(f"Домашние работы/{one.name}", one.data) for one in RUSSIANS], THEM, name="hw.zip"
    ),
    "A folder of the assignment's name around everything is looked into without a roster too": Case(
        [by("ivanova", "resnet/ivanova/resnet.ipynb"), by("petrov", "resnet/petrov/resnet.ipynb")],
        {"ivanova", "petrov"}, has_roster=False,
    ),
    "Without a roster a folder of folders is nobody's": Case(
        [by("", "wrap/lisa/resnet.ipynb"), by("", "wrap/bart/resnet.ipynb")], set(), {"wrap"}, has_roster=False
    ),
    "A student's folder does not give another student's name to what is in it": Case(
        [by("", "bart/lisa/resnet.ipynb"), by("i.petrov", "Иван Петров/resnet.ipynb")],
        {"i.petrov"}, said=["another one than the folder it lies in"],
    ),
    "An archive that bears a student's name is the student's": Case(
        [by("lisa", "solution.ipynb")], {"lisa"}, name="Lisa Simpson.zip"
    ),
    "An archive of the assignment's name with one notebook is nobody's": Case(
        [by("", "resnet.ipynb")], set(), {"resnet"}, name="resnet.zip"
    ),
    "Without a roster a folder with one notebook takes it under any name": Case(
        [by("ivanova", "ivanova/my work.ipynb")], {"ivanova"}, has_roster=False, is_complete=True
    ),
    "A teacher's answer that it is nobody's is not asked again": Case(
        [by("", "Demo/resnet.ipynb"), by("lisa", "lisa/resnet.ipynb")],
        {"lisa"}, answers={"Demo": "-"}, said=["you answered that it is no student's"], is_complete=True,
    ),
    # GitHub, Blackboard, Gradescope
    "Cloned repositories are told by the column github, and .git is left out": Case(
        [*repository("m.ivanova", "resnet-masha-i"), *repository("bart", "resnet-el-barto")],
        {"m.ivanova", "bart"}, is_folder=True, is_complete=True,
    ),
    "Repositories of another prefix are told by the end of their name": Case(
        [*repository("m.ivanova", "cnn-hw3-masha-i"), *repository("lisa", "cnn-hw3-lisa-s")], {"m.ivanova", "lisa"}
    ),
    "A repository downloaded from GitHub has its branch in its name, and its login is found": Case(
        [by("bart", "resnet-el-barto-main/resnet.ipynb")], {"bart"}, name="cnn.zip"
    ),
    "A login that somebody else's id spells is asked about": Case(
        repository("", "resnet-lisa"), set(), {"resnet-lisa"}
    ),
    "Without a roster the login behind the assignment's name is the student's id": Case(
        repository("masha", "resnet-masha"), {"masha"}, has_roster=False
    ),
    "Without a roster a repository of another prefix is asked about": Case(
        repository("", "hw3-anna-k"), set(), {"hw3-anna-k"}, has_roster=False
    ),
    "Blackboard writes title, login and attempt": Case(
        [*blackboard("lisa", "Домашнее задание_3", "lisa"), *blackboard("m.ivanova", "ResNet", "m.ivanova")],
        {"lisa", "m.ivanova"},
    ),
    "Of Blackboard's attempts the last one counts": Case(
        [*blackboard("old", "HW", "lisa"), *blackboard("lisa", "HW", "lisa", "2026-12-01-09-00-00")],
        {"lisa"}, said=["2026-12-01-09-00-00_resnet.ipynb is taken"],
    ),
    "Gradescope's numbers are asked about": Case(
        [by("", "submission_4711/resnet.ipynb"), by("lisa", "lisa/resnet.ipynb")], {"lisa"}, {"submission_4711"}
    ),
    "Gradescope's numbers are no ids without a roster": Case(
        [by("", "submission_4711/resnet.ipynb")], set(), {"submission_4711"}, has_roster=False
    ),
}  # fmt: skip


def bring(case: Case, tmp_path: Path) -> Path:
    if case.is_folder:
        return laid_out(case.entries, tmp_path / "brought", case.encoding or "utf-8")
    source = tmp_path / case.name
    source.write_bytes(zipped(case.entries, case.encoding, has_unicode_field=case.has_unicode_field))
    return source


def collected(course: Course, case: Case, tmp_path: Path, *, is_dry_run: bool = False) -> Collected:
    sheet = tmp_path / "worksheet.csv"
    sheet.write_text(case.worksheet, encoding="utf-8")
    return gather(
        course,
        "resnet",
        bring(case, tmp_path),
        answers=of_mapping(case.answers),
        worksheet=read_worksheet(sheet) if case.worksheet else None,
        is_dry_run=is_dry_run,
    )


def authors(course: Course) -> dict[str, str]:
    """Who wrote what stands as each student's submission."""
    found = course.submitted.glob("*/resnet/resnet.ipynb")
    return {path.parts[-3]: json.loads(path.read_bytes())["metadata"]["author"] for path in found}


@pytest.mark.parametrize("sentence", CASES)
def test_what_is_brought_is_attributed_rightly_asked_about_or_said(
    sentence: str, bare_class: Course, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case = CASES[sentence]
    course = request.getfixturevalue("listed_class") if case.has_roster else bare_class
    planned = collected(course, case, tmp_path, is_dry_run=True)
    assert not course.submitted.exists()
    found = collected(course, case, tmp_path)
    assert found == planned
    assert {one.name for one in found.questions} == case.asked
    assert {*found.students} == case.taken
    assert authors(course) == {student: "m.ivanova" if case.team else student for student in case.taken}
    assert all(one.why for one in found.taken)
    assert all(one.is_minor or one.remedy for one in found.skipped)
    texts = "\n".join(f"{one.name}: {one.reason}" for one in found.skipped)
    assert all(said in texts for said in case.said), texts
    if case.asked:
        assert not found.is_complete
    if case.is_complete is not None:
        assert found.is_complete == case.is_complete, texts
    waiting = {file for question in found.questions for file in question.files}
    brought = [one for one in case.entries if one.name.endswith(".ipynb") and not one.name.startswith("__MACOSX")]
    gone = [one for one in brought if ".git/" not in one.name]
    assert len({one.file for one in found.taken}) + len(found.skipped) >= len(gone)
    assert waiting <= {one.name for one in found.skipped}


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 40
