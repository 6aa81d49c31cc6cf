"""Signing in with a school's account (OIDC): a real browser, a real provider, the page in its own view."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from identity_provider import CLIENT_SECRET, IdentityProvider, identity_provider
from playwright.sync_api import Browser, Page, expect
from served_class import PATIENCE_MS, Served, free_port, open_page, settle, start, stop

from grader.course.folder import Course
from grader.record.actions import Teacher, invite, invite_teacher, revoke
from grader.record.database import ClassDatabase

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "serve.log"


@pytest.fixture(scope="module")
def school(
    provider: IdentityProvider, released_class: Path, log: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A class whose page takes the school's accounts: Lisa's, and Edna's, a teacher."""
    root = tmp_path_factory.mktemp("school") / "class"
    shutil.copytree(released_class, root)
    port = free_port()
    (root / "secrets.toml").write_text(provider.secrets_toml(f"http://127.0.0.1:{port}"))
    course = Course.open(root)
    with ClassDatabase.open(course.database_url) as database:
        who = Teacher(course, database, "test")
        invite(who, "lisa", "Lisa Simpson", None, "Lisa@School.example")
        invite_teacher(who, "Edna", None, "edna@school.example")
    running = start(course, log, port)
    yield running
    stop(running)


def come_in(browser: Browser, school: Served, path: str = "me") -> Page:
    page = open_page(browser.new_context(), f"{school.address}/{path}?lang=en")
    with page.expect_response("**/oauth2callback?*", timeout=PATIENCE_MS):  # the provider has sent the browser back
        page.get_by_role("button", name="Sign in with the school's account").click()
    settle(page)
    return page


def person(email: str, *, is_verified: bool = True) -> dict[str, object]:
    return {"sub": email, "email": email, "email_verified": is_verified}


def test_an_invited_address_opens_the_own_page_until_it_is_revoked(
    browser: Browser, school: Served, provider: IdentityProvider
) -> None:
    provider.person = person("lisa@school.example")
    page = come_in(browser, school)
    page.goto(f"{school.address}/me?lang=en")
    settle(page)
    expect(page.get_by_role("heading", name="Lisa Simpson")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{school.address}/teacher?lang=en")
    expect(page.get_by_text("This page is for teachers")).to_be_visible(timeout=PATIENCE_MS)
    with ClassDatabase.open(school.course.database_url) as database:
        revoke(Teacher(school.course, database, "test"), "lisa")
    page.goto(f"{school.address}/me?lang=en")
    expect(page.get_by_text("This page is yours alone")).to_be_visible(timeout=PATIENCE_MS)


def test_a_teachers_account_opens_the_teachers_page_and_signs_out(
    browser: Browser, school: Served, provider: IdentityProvider
) -> None:
    provider.person = person("edna@school.example")
    page = come_in(browser, school, "teacher")
    page.goto(f"{school.address}/teacher?lang=en")
    expect(page.get_by_text("Gradebook", exact=True).first).to_be_visible(timeout=PATIENCE_MS)
    with page.expect_response("**/auth/logout*", timeout=PATIENCE_MS):
        page.get_by_role("button", name="Sign out").click()
    settle(page)
    page.goto(f"{school.address}/teacher?lang=en")
    expect(page.get_by_text("This page is for teachers")).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.parametrize(
    "who",
    [person("nelson@school.example"), person("edna@school.example", is_verified=False)],
    ids=["unknown", "unverified"],
)
def test_an_account_that_nobody_invited_or_vouches_for_opens_nothing(
    browser: Browser, school: Served, provider: IdentityProvider, who: dict[str, object]
) -> None:
    provider.person = who
    page = come_in(browser, school, "teacher")
    page.goto(f"{school.address}/teacher?lang=en")
    expect(page.get_by_text("This page is for teachers")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{school.address}/me?lang=en")
    expect(page.get_by_text("This page is yours alone")).to_be_visible(timeout=PATIENCE_MS)


def test_the_clients_secret_stays_out_of_the_log(school: Served, log: Path) -> None:
    assert school.process.poll() is None
    assert CLIENT_SECRET not in log.read_text()
