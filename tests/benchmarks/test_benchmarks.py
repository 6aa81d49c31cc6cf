"""The benchmarks run: with so few submissions that the figures mean nothing, but the points do."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.alone]
HERE = Path(__file__).parent


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(HERE / script), *arguments], capture_output=True, text=True, check=False, timeout=560
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_throughput_gives_every_contender_the_same_points() -> None:
    said = run("throughput.py", "--submissions", "2")
    assert "nbgrader, sealed" in said
    assert "beyond the student's own cells" in said


def test_endurance_holds_its_promises_on_a_small_class() -> None:
    assert "held" in run("endurance.py", "--submissions", "12", "--slots", "1", "--tolerance", "20")


def test_rerun_is_timed_beside_the_same_notebook_run_by_hand() -> None:
    assert "rerun, warm sandbox" in run("rerun.py", "--steps", "10", "--repeats", "1", "--allowed", "20")


def test_a_network_is_timed_from_its_upload_to_the_points() -> None:
    said = run("network.py", "--pictures", "60", "--repeats", "1", "--allowed", "100")
    assert "upload to points, warm sandbox" in said


def test_load_answers_every_tab_and_brings_new_results() -> None:
    small = ("--sessions", "12", "--every", "2", "--result-every", "4", "--opening", "4", "--minutes", "0.3")
    said = run("load.py", *small, "--students", "30", "--entries", "90", "--port", "8597", "--allowed", "5000")
    assert "a new result: none" not in said
    assert "dropped 0" in said
    assert said.endswith("held: p95 under 5000 ms, none dropped\n")
