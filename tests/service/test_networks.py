"""A network is handed in on the page: its weights come in parts, survive a break, and become points."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from classroom import student_notebook
from network_class import RESNET18, SLUG, resnet18_weights
from playwright.sync_api import Browser, Page, Request, Route, expect
from served_class import PATIENCE_MS, Served, go_to, open_page, settle, start, stop

from grader.audit.answers import Answer
from grader.collect.parts import FOLDER, PART_BYTES
from grader.course.folder import Course
from grader.record.database.queries import Board
from grader.record.database.uploads import uploads_of

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def networks(released_class: Path, few_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("networks") / "class"
    shutil.copytree(released_class, root)
    toml = root / "class.toml"
    toml.write_text(toml.read_text().replace('source = "rerun" ', 'source = "network" '))
    (root / "dataset").symlink_to(few_pictures)
    running = start(Course.open(root), tmp_path_factory.mktemp("log") / "serve.log")
    yield running
    stop(running)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "network.pth"
    path.write_bytes(resnet18_weights())
    return path


def form(browser: Browser, served: Served, student: str) -> Page:
    page = open_page(browser.new_context(), served.invite(student))
    go_to(page, served, f"hand-in?assignment={SLUG}")
    return page


def notebook(served: Served, folder: Path) -> Path:
    path = folder / f"{SLUG}.ipynb"
    answer = Answer("resnet18", {"task1_network": RESNET18})
    nbformat.write(student_notebook(served.course, SLUG, answer), path)
    return path


def choose(page: Page, notebook: Path | None, weights: Path | None) -> None:
    fields = page.locator("input[type=file]")
    expect(fields).to_have_count(2, timeout=PATIENCE_MS)
    if notebook is not None:
        page.set_input_files("[data-testid=stFileUploader] input[type=file]", notebook)
    if weights is not None:
        page.get_by_label(re.compile("The weights of the network")).set_input_files(weights)


def test_weights_of_many_parts_survive_a_break_and_become_points(
    browser: Browser, networks: Served, weights: Path, tmp_path: Path
) -> None:
    page = form(browser, networks, "lisa")
    sent: list[str] = []

    def breaking(route: Route, request: Request) -> None:
        if request.method == "PUT":
            sent.append(request.url)
            if len(sent) in (3, 4):
                route.abort("connectionreset")
                return
        route.continue_()

    page.route("**/parts/**", breaking)
    started = time.monotonic()
    choose(page, notebook(networks, tmp_path), weights)
    expect(page.get_by_text("Sent: 42.")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("The file is fit to be graded.")).to_be_visible(timeout=PATIENCE_MS)
    assert len(sent) == -(-weights.stat().st_size // PART_BYTES) + 2
    page.get_by_role("button", name="Hand in", exact=True).click()
    pressed = time.monotonic()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ points")).first).to_be_visible(timeout=PATIENCE_MS)
    print(f"43 MiB: sent in {pressed - started:.1f} s, points {time.monotonic() - pressed:.1f} s after the button")
    assert (networks.course.submitted / "lisa" / SLUG / "network.pth").read_bytes() == weights.read_bytes()
    # Nothing of the file is left, only the number of bytes that came today.
    assert [path.name.split("-")[0] for path in (networks.course.inbox / FOLDER).iterdir()] == ["day"]


def test_a_file_that_is_chosen_again_after_a_reload_goes_on_where_it_stopped_and_is_known_again(
    browser: Browser, networks: Served, weights: Path, tmp_path: Path
) -> None:
    page = form(browser, networks, "bart")
    sent: list[str] = []

    def stopping(route: Route, request: Request) -> None:
        if request.method == "PUT" and len(sent) == 5:
            return  # it never goes on
        sent.append(request.method)
        route.continue_()

    page.route("**/parts/**", stopping)
    choose(page, None, weights)
    expect(page.get_by_text(re.compile("Sending: 16.0"))).to_be_visible(timeout=PATIENCE_MS)
    page.unroute_all(behavior="ignoreErrors")
    page.reload()
    settle(page)
    again: list[str] = []
    page.on("request", lambda request: again.append(request.method) if "/parts/" in request.url else None)
    choose(page, notebook(networks, tmp_path), weights)
    expect(page.get_by_text("The file is fit to be graded.")).to_be_visible(timeout=PATIENCE_MS)
    assert 0 < again.count("PUT") <= -(-weights.stat().st_size // PART_BYTES) - 4
    page.get_by_role("button", name="Hand in", exact=True).click()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ points")).first).to_be_visible(timeout=PATIENCE_MS)
    choose(page, notebook(networks, tmp_path), weights)
    expect(page.get_by_text("The file is fit to be graded.")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Hand in", exact=True).click()
    expect(page.get_by_text("You have handed in this very file before")).to_be_visible(timeout=PATIENCE_MS)
    with Board.open(networks.course.database_url) as board:
        assert len({upload.run_key for upload in uploads_of(board, "bart")}) == 1


def answer_to(address: str, method: str, data: bytes = b"") -> int:
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.netloc, timeout=30)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
        connection.request(method, f"{where.path}?{where.query}", data or None)
    status = connection.getresponse().status
    connection.close()
    return status


def test_parts_are_taken_under_a_forms_own_address_alone(browser: Browser, networks: Served, tmp_path: Path) -> None:
    page = form(browser, networks, "milhouse")
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "/parts/" in request.url else None)
    small = tmp_path / "network.pth"
    small.write_bytes(b"x" * 1000)
    choose(page, None, small)
    expect(page.get_by_text("Sent: 0.0")).to_be_visible(timeout=PATIENCE_MS)
    address = seen[0]
    stranger = re.sub("parts/[^/]*", f"parts/{'A' * 32}", address)
    assert answer_to(stranger, "GET") == 403
    assert answer_to(f"{stranger}?offset=0", "PUT", b"x") == 403
    assert answer_to(f"{address}?offset=0", "PUT", b"x") == 409
    assert answer_to(f"{address}?offset=1000", "PUT", b"x" * (PART_BYTES + 1)) == 400
    assert answer_to(f"{address}?offset=-1", "PUT", b"x") == 400
    assert answer_to(address, "DELETE") == 400
    assert answer_to(re.sub("[0-9a-f]{16}$", "../../x", address), "GET") != 200
