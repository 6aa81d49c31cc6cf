from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import leaderboard_app
from grader.errors import EnvironmentFault
from grader.language import speaking
from grader.scoring.mcnemar import RankRange
from grader.service.page import command
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting

PACKAGE = Path(leaderboard_app.__file__).parent


def test_f1_is_cut_off_and_has_its_count() -> None:
    with speaking("en"):
        assert formatting.f1(961, 991) == "0.96972 (961 of 991)"
    with speaking("ru"):
        assert formatting.f1(961, 991) == "0.96972 (961 из 991)"
    assert formatting.f1(None, None) == "—"


def test_no_score_below_one_is_printed_as_one() -> None:
    assert formatting.f1_value(999_999, 1_000_000) == "0.99999"


def test_both_ends_of_the_interval_are_printed() -> None:
    assert formatting.interval(961, 991) == "0.9571 – 0.9787"
    assert formatting.interval(None, None) == "—"


@pytest.mark.parametrize(("earned", "text"), [(14.0, "14"), (9.5, "9.5"), (0.0, "0"), (10.0, "10"), (None, "—")])
def test_points_have_no_idle_zeros(earned: float | None, text: str) -> None:
    assert formatting.points(earned) == text


def test_times_are_in_the_zone_of_the_class() -> None:
    when = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
    assert formatting.moment(when, ZoneInfo("Europe/Moscow"), "ru") == "3 мар., 01:30"
    assert formatting.moment(when, ZoneInfo("UTC"), "en") == "2 Mar, 22:30"


def test_plain_text_keeps_no_markup() -> None:
    assert formatting.plain("**a** <b>\n$x$") == r"\*\*a\*\* \<b\> \$x\$"


def test_every_text_of_the_page_has_a_russian_translation() -> None:
    found = {
        message if isinstance(message, str) else message[0]
        for _file, _line, message, *_rest in extract_from_dir(PACKAGE, [("**.py", "python")], {}, {"_": None})
    }
    files = (PACKAGE.parent / "grader" / "locale" / "ru").glob("*.po")
    catalogues = [read_po(BytesIO(path.read_bytes()), locale="ru") for path in files]
    translated = {message.id for catalogue in catalogues for message in catalogue if message.id and message.string}
    assert found - translated == set()


def test_settings_survive_the_environment() -> None:
    settings = BoardSettings("sqlite:////tmp/class.db", "Лицей № 42", "Asia/Novosibirsk")
    assert BoardSettings.from_environment(settings.to_environment()) == settings


def test_an_unknown_time_zone_is_refused_before_the_page_starts() -> None:
    with pytest.raises(EnvironmentFault, match=r"no time zone.*Europe/Moscow"):
        BoardSettings("sqlite:////tmp/class.db", timezone="Moscow")


def test_the_command_carries_every_setting_and_no_password() -> None:
    arguments = command(address="127.0.0.1", port=8600)
    for flag in (
        "--runner.postScriptGC=false",
        "--client.showErrorDetails=none",
        "--client.toolbarMode=viewer",
        "--server.fileWatcherType=none",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
        "--server.address=127.0.0.1",
        "--server.port=8600",
    ):
        assert flag in arguments
    assert "sqlite" not in " ".join(arguments)


@pytest.mark.slow
def test_the_page_loads_without_torch() -> None:
    code = (
        "import sys, grader.service.page, leaderboard_app.class_data;"
        "from leaderboard_app.views import assignment, how, overall;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


# Where HTML is written, and why it is safe there: a token of a checked form, aliases that are escaped, a style sheet
# and a script of ours, a frame without rights, Markdown that was sanitised.
HTML = {
    "choice.py": 2,
    "failures.py": 1,
    "identity.py": 1,
    "projector.py": 3,
    "sandboxed.py": 1,
    "widget_texts.py": 2,
    "written.py": 1,
}


def test_html_is_written_in_the_known_places_alone() -> None:
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in source, path
        written = sum(source.count(way) for way in ("st.html(", "components.v1", "st.iframe("))
        assert written == HTML.get(path.name, 0), path


def test_the_class_database_is_read_through_one_module() -> None:
    reading = {path.name for path in PACKAGE.rglob("*.py") if "grader.record" in path.read_text(encoding="utf-8")}
    assert reading == {"class_database.py"}


def test_a_range_of_one_rank_is_that_rank() -> None:
    assert formatting.rank_range(RankRange(2, 5)) == "2–5"
    assert formatting.rank_range(RankRange(3, 3)) == "3"
    assert formatting.rank_range(None) == formatting.NOTHING
