"""What stands on a feedback page, outcome by outcome, in both languages."""

from __future__ import annotations

import base64
import re
import struct
import time
from dataclasses import replace
from pathlib import Path

import pytest
from feedback_pages import PIXEL, answer, check, error, graded, notebook, page_of, printed, text_of, words
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import grader.show.feedback
from grader.course.folder import Course
from grader.course.titles import comment_title, words_of
from grader.outcomes import Outcome
from grader.show.feedback.grades import Grade
from grader.show.feedback.sections import sections_of

LOST = {"task1_block_shape": (0.0, 2.0)}
STANDINGS = {
    Outcome.PARTIAL: ("Пройдена частично", "Passed in part"),
    Outcome.FAILED: ("Не пройдена", "Not passed"),
    Outcome.RAISED: ("Ошибка в коде", "An error in the code"),
    Outcome.TIMED_OUT: ("Слишком долго", "Too slow"),
    Outcome.OVER_LIMIT: ("Превышен предел", "Over the limit"),
    Outcome.NOT_REACHED: ("Не дошла очередь", "Not reached"),
}


@pytest.mark.parametrize(("outcome", "said"), STANDINGS.items())
def test_a_lost_check_says_how_it_ended_why_and_what_to_try(
    outcome: Outcome, said: tuple[str, str], russian: Course, english: Course
) -> None:
    made = notebook(
        answer("block = 1"), check(outcome=outcome, finding="Found 3, expected 4.", remedy="Add `padding`.")
    )
    points = (1.0, 2.0) if outcome is Outcome.PARTIAL else (0.0, 2.0)
    for course, words_, title in ((russian, said[0], "Что исправить"), (english, said[1], "What to fix")):
        text = text_of(page_of(made, graded(task1_block_shape=points), course))
        for part in (words_, title, "Found 3, expected 4.", "Add padding .", f"{points[0]:g} / 2"):
            assert part in text, part


@pytest.mark.parametrize(("language", "title"), [("ru", "Форма выхода"), ("en", "Block shape")])
def test_a_check_is_called_by_its_comment_or_in_the_other_language_by_its_name(
    language: str, title: str, russian: Course, english: Course
) -> None:
    course = russian if language == "ru" else english
    html = page_of(notebook(check(outcome=Outcome.PASSED)), graded(task1_block_shape=(2.0, 2.0)), course)
    assert f'<html lang="{language}">' in html
    assert f'<span class="check">{title}</span>' in html


def test_titles_of_checks() -> None:
    assert comment_title("# Форма (2 балла)\nx", "ru") == "Форма"
    assert comment_title("# Форма / Shape (2 балла / points)\nx", "en") == "Shape"
    assert comment_title("# Форма / Shape (2 балла)\nx", "ru") == "Форма"
    assert comment_title("# Форма / Shape (2 балла / 2 points)\nx", "ru") == "Форма"
    assert comment_title("# Форма / Shape (2 балла / 2 points)\nx", "en") == "Shape"
    assert comment_title("# ReLU / GELU (1 point)\nx", "en") == "ReLU / GELU"
    assert comment_title("x = 1", "en") == ""
    assert words_of("task12_vgg_block_shape") == "Vgg block shape"


def test_points_stand_by_task_and_in_all(russian: Course) -> None:
    made = notebook(
        check("task1_block_shape", Outcome.PASSED),
        check("task1_block_values", Outcome.PARTIAL),
        new_markdown_cell("## Задача 2. Подумайте (2 балла)"),
        words("Градиент убывает."),
    )
    grades = graded(
        task1_block_shape=(2.0, 2.0), task1_block_values=(1.5, 2.0), task4_discussion=Grade(0.0, 2.0, is_waiting=True)
    )
    text = text_of(page_of(made, grades, russian))
    assert "3,5 из 6 баллов" in text
    assert "Задача 1. Блок 3,5 / 4" in text
    assert "Задача 2. Подумайте 0 / 2" in text
    assert "Ждёт проверки учителем: 2 балла." in text
    assert "Не хватает: 0,5 балла." in text
    assert "Класс 10А · ResNet" in text
    assert "Bart Simpson (bart)" in text
    assert "Сдано: 1 марта 2026, 12:30. Проверено: 1 марта 2026, 13:00." in text


def test_a_full_score_is_praised_and_a_late_one_explained(english: Course) -> None:
    full = graded(task1_block_shape=(2.0, 2.0))
    made = notebook(check(outcome=Outcome.PASSED, finding="F1 0.98 (98 of 100 images right): 15 points."))
    text = text_of(page_of(made, full, english))
    assert "Everything is right. Well done!" in text
    assert "F1 0.98 (98 of 100 images right): 15 points." in text
    assert "What to fix" not in text
    late = text_of(page_of(made, replace(full, points=1.0, penalty=1.0), english))
    assert "Taken off for being late: 1 point." in late
    assert "Well done" not in late


def test_one_reason_for_several_checks_is_said_once(russian: Course) -> None:
    made = notebook(
        check("task1_block_shape", finding="У модуля нет параметров."),
        check("task1_block_values", finding="У модуля нет параметров.", source="# Значения\nassert block"),
    )
    html = page_of(made, graded(task1_block_shape=(0.0, 2.0), task1_block_values=(0.0, 3.0)), russian)
    assert html.count("У модуля нет параметров.") == 1
    assert "Форма выхода; Значения" in text_of(html)
    assert "−5" in html


def test_the_first_error_is_said_once_and_what_follows_refers_to_it(russian: Course) -> None:
    trouble = "ячейка task1_block закончилась ошибкой SyntaxError"
    broken = error("SyntaxError", "expected ':' (194133213.py, line 1)", "\x1b[31mclass Block\x1b[0m", "    ^")
    made = notebook(
        answer("class Block", outputs=[broken]),
        check(outcome=Outcome.RAISED, finding="NameError: name 'Block' is not defined", cause=trouble),
        check("task1_block_values", Outcome.NOT_REACHED, "До этой проверки дело не дошло.", cause=trouble),
    )
    html = page_of(made, graded(task1_block_shape=(0.0, 2.0), task1_block_values=(0.0, 3.0)), russian)
    text = text_of(html)
    assert "Начните с этого В разделе «Задача 1. Блок»: SyntaxError: expected ':' (строка 1)" in text
    assert "двоеточия" in text
    assert html.count("Скорее всего, это следствие первой ошибки") == 2
    assert "Перезапустите ядро" not in text
    assert trouble not in text
    assert "194133213" not in text
    assert "\x1b" not in html


def test_a_limit_is_named_and_the_graders_interrupt_is_not_shown(russian: Course) -> None:
    endless = answer("while True: pass", outputs=[error("KeyboardInterrupt", "", "KeyboardInterrupt")])
    endless.metadata["springfield"] = {"trouble": "время вышло: на одну ячейку даётся 15 с"}
    made = notebook(endless, check(outcome=Outcome.RAISED, finding="NameError: name 'x'", cause="время"))
    text = text_of(page_of(made, graded(**LOST), russian))
    assert "Время вышло: на одну ячейку даётся 15 с." in text
    assert "цикл, который не кончается" in text
    assert "KeyboardInterrupt" not in text


def test_every_mistake_in_a_file_has_a_line_of_its_own(russian: Course) -> None:
    made = notebook(check(finding="ОШИБКА: нет столбца 'Id'\nОШИБКА: лишний столбец 'label'"))
    html = page_of(made, graded(**LOST), russian)
    for line in ("ОШИБКА: нет столбца &#39;Id&#39;", "ОШИБКА: лишний столбец &#39;label&#39;"):
        assert f'<p class="finding">{line}</p>' in html


def test_an_untouched_release_is_told_what_to_do(english: Course) -> None:
    made = notebook(
        answer("raise NotImplementedError()", outputs=[error("NotImplementedError", "")]),
        check(finding="Not solved yet: a cell still says NotImplementedError.", outcome=Outcome.RAISED),
        words("*Your answer*"),
    )
    grades = graded(**LOST, task4_discussion=(0.0, 2.0))
    text = text_of(page_of(made, replace(grades, untouched=frozenset({"task1_block", "task4_discussion"})), english))
    assert "Not solved yet" in text
    assert "Write your solution in place of the line raise NotImplementedError()" in text
    assert "No answer" in text
    assert "An error in the code" not in text
    assert "Begin with this" not in text
    assert "Write your answer in the cell below the question" in text
    assert "This cell is as it was given out." in text


def test_a_test_that_could_not_run_is_not_the_students_fault(russian: Course) -> None:
    finding = "Эту проверку не удалось выполнить (NameError)."
    made = notebook(check(outcome=Outcome.NOT_GRADED, finding=finding))
    text = text_of(page_of(made, graded(task1_block_shape=Grade(0.0, 2.0, is_waiting=True)), russian))
    assert "Проверить не удалось, посмотрит учитель" in text
    assert finding in text
    assert "ошибка не ваша" in text
    assert "Что исправить" not in text


def test_a_teachers_points_and_comments_are_there(russian: Course) -> None:
    made = notebook(answer("block = 1"), check(), words("Потому что."))
    grades = graded(**LOST, task4_discussion=Grade(1.0, 2.0, is_by_teacher=True))
    comments = {"task4_discussion": "А **почему**?", "task1_block": "Смотрите `block`."}
    html = page_of(made, replace(grades, comments=comments), russian)
    assert "Учитель прочитал" in html
    assert "<strong>почему</strong>" in html
    assert "Смотрите <code>block</code>." in html
    fixes = html[html.index('id="fix"') : html.index('id="work"')]
    assert "почему" in fixes


def test_theory_and_the_authors_code_are_left_out_and_the_students_own_is_not(russian: Course) -> None:
    author = "# Сравните с числом из условия\nprint(count(block))"
    made = notebook(
        new_markdown_cell("Теория о блоках."),
        answer("block = my_own_solution"),
        new_code_cell(author, outputs=[printed("11,689,512\n")]),
        new_code_cell("debugging = True"),
        check(outcome=Outcome.PASSED),
        new_markdown_cell("## Ещё теория\n\nДлинная."),
        new_code_cell("draw_theory()", outputs=[printed("picture of theory")]),
    )
    released = frozenset({author, "draw_theory()"})
    text = text_of(page_of(made, graded(task1_block_shape=(2.0, 2.0)), russian, released))
    for shown in ("block = my_own_solution", "11,689,512", "debugging = True", "Сравните с числом из условия"):
        assert shown in text, shown
    for hidden in ("Теория о блоках", "Длинная", "count(block)", "picture of theory", "Ещё теория"):
        assert hidden not in text, hidden


def test_a_broken_cell_above_the_first_task_is_named(russian: Course) -> None:
    made = notebook(
        new_code_cell("import torhc", outputs=[error("ModuleNotFoundError", "No module named 'torhc'")]),
        new_markdown_cell("## Задача 1. Блок"),
        answer("block = torch"),
        check(outcome=Outcome.RAISED, finding="NameError: name 'torch' is not defined", cause="x"),
        heading="# Сети",
    )
    text = text_of(page_of(made, graded(**LOST), russian))
    assert "ModuleNotFoundError: No module named 'torhc'" in text
    assert "этой библиотеки нет" in text
    assert "import torhc" in text


HIDDEN = """\
# Форма выхода (2 балла)
assert block
### BEGIN HIDDEN TESTS
secret_shape = (3, 17, 19)
assert block(secret_shape), "the block is wrong"
### END HIDDEN TESTS"""


@pytest.mark.parametrize("source", [HIDDEN, HIDDEN.replace("### ", "# "), HIDDEN.replace("### END HIDDEN TESTS", "")])
@pytest.mark.parametrize("kind", ["AssertionError", "KeyError"])
def test_a_notebook_that_nbgrader_alone_has_graded_shows_nothing_hidden(
    source: str, kind: str, english: Course
) -> None:
    text_ = "the block is wrong" if kind == "AssertionError" else "secret_key"
    output = error(kind, text_, "----> 4 secret_shape = (3, 17, 19)", "secret_traceback")
    made = notebook(
        answer("block = None"), check(outcome=None, source=source, outputs=[printed("secret_print"), output])
    )
    html = page_of(made, graded(**LOST), english)
    assert "secret" not in html
    assert "0 of 2 points" in text_of(html)
    assert ("the block is wrong" if kind == "AssertionError" else "Your code raised an error: KeyError") in html


def test_forged_marks_change_neither_points_nor_their_standing(english: Course) -> None:
    forged = check(outcome="passed", finding="All right!")
    forged.metadata["springfield"].update(remedy=["x"], cause={"a": 1}, trouble=7)
    made = notebook(answer("block = None"), forged)
    made.metadata["springfield"] = {"graded_at": "0001-01-01T00:00:00+14:00"}
    text = text_of(page_of(made, graded(**LOST), english))
    assert "Not passed" in text
    assert "0 / 2" in text
    for odd in ("passed", 7, ["failed"], None):
        forged.metadata["springfield"] = odd
        assert "0 / 2" in text_of(page_of(made, graded(**LOST), english))
        forged.metadata["springfield"] = {"outcome": odd, "finding": odd}
        assert "0 / 2" in text_of(page_of(made, graded(**LOST), english))


def test_a_cell_that_the_gradebook_does_not_know_is_worth_what_it_says(english: Course) -> None:
    assert "0 / 2" in text_of(page_of(notebook(check()), graded(), english))


def test_outputs_are_shown_and_capped(english: Course) -> None:
    progress = printed("".join(f"\rstep {n}" for n in range(500)) + "\n" + "".join(f"line {n}\n" for n in range(500)))
    drawn = new_output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure>"})
    made = notebook(answer("train()", outputs=[progress, drawn]), check())
    html = page_of(made, graded(**LOST), english)
    assert "step 499" in html
    assert "step 498" not in html
    assert "line 38" in html
    assert "line 39" not in html
    assert "Lines left out: 461." in html
    assert f'<img src="data:image/png;base64,{PIXEL}"' in html
    assert "&lt;Figure&gt;" not in html


def test_many_pictures_and_cells_do_not_become_a_page_of_their_size(english: Course) -> None:
    drawn = new_output("display_data", data={"image/png": PIXEL})
    made = notebook(
        *[new_code_cell(f"draw({n})", outputs=[drawn] * 30) for n in range(200)], answer("x" * 100_000), check()
    )
    html = page_of(made, graded(**LOST), english)
    assert html.count("<img ") == 12
    assert "140 more cells are not shown." in html
    assert "x" * 1000 in html
    assert len(html) < 500_000


@pytest.mark.parametrize("text", ["\n ", ".", "\\", "(", "> ", "[", "|a|b|\n|-|-|\n"])
def test_no_answer_takes_longer_than_it_is_worth(text: str, english: Course) -> None:
    """A line with one space, ten thousand times, had taken the lexer a minute and a half."""
    long = text * (100_000 // len(text))
    started = time.process_time()
    page_of(
        notebook(*[new_code_cell(long) for _ in range(70)], answer(long), check(), words(long)), graded(**LOST), english
    )
    assert time.process_time() - started < 15


def test_code_with_an_endless_line_has_no_colours(english: Course) -> None:
    html = page_of(
        notebook(new_code_cell("x = 1"), new_code_cell("." * 2000), answer("pass"), check()), graded(), english
    )
    assert '<span class="n">x</span>' in html
    assert "." * 2000 in html


def test_a_pasted_picture_is_named_and_an_answer_nested_without_end_is_shown(english: Course) -> None:
    deep = "> " * 5000 + "- " * 4000 + "the bottom"
    made = notebook(words("![схема](attachment:image.png) <img src=https://evil.example/x.png>"), words(deep, "deep"))
    html = page_of(made, graded(task4_discussion=(0.0, 2.0), deep=(0.0, 2.0)), english)
    assert "<em>[схема]</em> <em>[…]</em>" in html
    assert "the bottom" in html
    assert "evil" not in html


def test_a_picture_that_is_none_or_would_fill_the_memory_is_not_shown(english: Course) -> None:
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    bomb = base64.b64encode(head + struct.pack(">II", 60_000, 60_000) + bytes(20)).decode()
    pictures = [
        {"image/png": bomb},
        {"image/png": '"><script>hacked()</script>'},
        {"image/png": "AAAA"},
        {"image/png": ["x"]},
        {"image/svg+xml": "<svg onload=hacked()>"},
        {"text/html": "<b>html</b>"},
        {"image/jpeg": "AAAA"},
    ]
    outputs = [new_output("display_data", data=data) for data in pictures]
    html = page_of(notebook(answer("draw()", outputs=outputs), check()), graded(**LOST), english)
    assert "<img" not in html
    assert "hacked" not in html
    assert "<b>html" not in html


def test_the_page_loads_nothing_and_allows_nothing_to_run(russian: Course) -> None:
    made = notebook(answer("block = 1"), check(finding="Нет."), words("Потому что."))
    html = page_of(made, graded(**LOST), russian)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html
    assert not re.search(r"<(script|link|iframe|object|embed|form|base)\b", html)
    assert not re.search(r"\b(src|href)=\"(?!data:image/png;|#)", html)
    assert "url(" not in html
    assert "@import" not in html


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_stands_out_from_what_is_behind_it(scheme: int) -> None:
    """WCAG 2, level AA: a contrast of 4.5."""
    css = (Path(grader.show.feedback.__file__).parent / "page.css").read_text()
    found = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", found))
    behind = ("page", "card", "code", "try", "first", "remark")
    before = {"ink": behind, "quiet": behind, "link": behind, "done": ("page", "card"), "wait": ("page", "card")}
    before |= {"lost": ("page", "card", "first"), "part": ("page", "card")}
    before |= dict.fromkeys(("keyword", "name", "text", "figure", "aside"), ("code",))
    for text, places in before.items():
        for place in places:
            bright, dark = sorted((_luminance(colours[text]), _luminance(colours[place])), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (text, place)


def test_a_traceback_shows_the_students_own_cells_and_not_what_libraries_did(english: Course) -> None:
    frames = [
        "Cell In[3], line 2",
        "----> 2 net(x)",
        "",
        "\x1b[36mFile\x1b[39m ~/torch/module.py:1794",
        "-> 1794 call()",
        "",
    ]
    made = notebook(
        answer(
            "net(x)",
            outputs=[error("TypeError", "no", *frames, "Cell In[2], line 9", "----> 9 x + f", "", "TypeError: no")],
        )
    )
    html = page_of(made, graded(task1_block_shape=(0.0, 2.0)), english)
    assert "net(x)" in html
    assert "9 x + f" in html
    assert "1794" not in html


def test_an_answer_in_words_is_called_by_the_heading_above_it(english: Course) -> None:
    heading = "# Nets\n\n## Task 4. Think\n\n### Where the gradient goes (2 points)\n\nSay it."
    text = text_of(
        page_of(notebook(words("It vanishes."), heading=heading), graded(task4_discussion=(0.0, 2.0)), english)
    )
    assert "Where the gradient goes Not passed" in text
    assert "Your answer in words" not in text


def test_a_heading_of_a_students_own_is_cut_before_it_is_searched() -> None:
    long = new_notebook(cells=[new_markdown_cell("# a" + " " * 1_000_000 + "b"), new_markdown_cell("x")])
    assert [len(section.title) <= 300 for section in sections_of(long)] == [True]
