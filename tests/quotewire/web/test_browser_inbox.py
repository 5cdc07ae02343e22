"""The inbox and the watchlist in a real browser: by keyboard alone, and without a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from quotewire.adapters.memory_index import MemoryIndex
from quotewire.web.server import serve
from tests.quotewire.web.newsroom import ALERTS, ARTICLES, WATCHLIST, make_app

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A page of its own for each test: they change it."""
    index = MemoryIndex()
    index.put_articles(ARTICLES)
    index.put_alerts(ALERTS)
    stop, ready = threading.Event(), threading.Event()
    addresses: list[str] = []

    def on_ready(found: str) -> None:
        addresses.append(found)
        ready.set()

    app = make_app(index, tmp_path, names=WATCHLIST)
    thread = threading.Thread(target=serve, args=(app, "127.0.0.1", 0, stop), kwargs={"ready": on_ready})
    thread.start()
    assert ready.wait(30)
    yield addresses[0]
    stop.set()
    thread.join(30)


@pytest.fixture(params=[True])
def page(chromium: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a context of its own; the test fails where the browser complains."""
    context = chromium.new_context(
        base_url=address, viewport={"width": 1280, "height": 900}, java_script_enabled=request.param
    )
    page = context.new_page()
    # A trial loads the matcher and its models first; machines that run tests are busy.
    page.set_default_timeout(120_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # Chromium tells of every answer that is a refusal, also where the page says so itself.
    assert [complaint for complaint in complaints if "403 (Forbidden)" not in complaint] == []


def current(page: Page) -> str:
    return page.locator(".alert.current h2").inner_text()


def test_alerts_are_walked_and_marked_by_keyboard_alone(page: Page) -> None:
    page.goto("/alerts")
    alerts = page.locator(".alert")
    expect(alerts).to_have_count(3)
    page.keyboard.press("j")
    first = current(page)
    expect(page.locator(".alert.current")).to_be_focused()
    outline = page.locator(".alert.current").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    last = current(page)
    assert last.startswith("Night ferry")
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert current(page) == first
    page.keyboard.press("d")
    expect(page.locator(".alert:visible")).to_have_count(2)
    expect(page.get_by_role("status")).to_contain_text("dismissed")
    expect(page.locator("[data-count=dismissed]")).to_have_text("1")
    expect(page.locator(".alert.current")).to_be_focused()
    page.keyboard.press("s")
    expect(page.locator(".alert:visible")).to_have_count(1)
    page.keyboard.press("u")
    expect(page.locator(".alert:visible")).to_have_count(2)
    page.keyboard.press("f")
    expect(page.locator("[data-count=false]")).to_have_text("1")
    page.reload()
    expect(page.locator(".alert")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Night ferry")
    expect(page.get_by_role("heading", name="The story")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator(".alert b", has_text="seen")).to_be_visible()
    page.keyboard.press("o")
    expect(page.locator(".tracked").first).to_be_in_viewport()


def test_the_help_opens_and_closes_by_keyboard(page: Page) -> None:
    page.goto("/alerts")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("d")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".alert:visible")).to_have_count(3)


def test_buttons_do_the_same_and_a_failure_is_said(page: Page) -> None:
    page.goto("/alerts")
    page.get_by_role("button", name="Seen").first.click()
    expect(page.locator(".alert:visible")).to_have_count(2)
    page.context.clear_cookies()
    page.get_by_role("button", name="Dismiss").locator("visible=true").first.click()
    expect(page.get_by_role("status")).to_contain_text("go back, reload it")
    expect(page.locator(".alert:visible")).to_have_count(2)
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("Not undone: ")
    expect(page.locator(".alert:visible")).to_have_count(2)


@pytest.mark.parametrize("page", [False], indirect=True)
def test_without_a_script_the_buttons_work(page: Page) -> None:
    page.goto("/alerts")
    page.get_by_role("button", name="Dismiss").first.click()
    expect(page.locator(".alert")).to_have_count(2)
    page.get_by_role("link", name="Dismissed").click()
    page.get_by_role("button", name="New again").click()
    page.get_by_role("link", name="New").first.click()
    expect(page.locator(".alert")).to_have_count(3)


def test_a_name_is_tried_switched_on_edited_and_removed(page: Page) -> None:
    page.goto("/watchlist")
    page.get_by_role("link", name="Track a name").click()
    page.get_by_label("Name").fill("Captain Nobody")
    page.get_by_label("Also", exact=True).fill("Nemo")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="See what it would raise").click()
    expect(page.get_by_role("heading", name="0 alerts in the last 30 days")).to_be_visible()
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("status")).to_have_text("Tracking Captain Nobody.")
    page.get_by_role("link", name="Edit Captain Nobody").click()
    page.get_by_label("Paused: raise nothing for now").check()
    page.get_by_role("button", name="See what it would raise").click()
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("status")).to_have_text("Captain Nobody is paused.")
    page.get_by_text("Remove Captain Nobody").click()
    page.get_by_role("button", name="Track it no longer").locator("visible=true").click()
    expect(page.get_by_role("status")).to_have_text("No longer tracking Captain Nobody.")


def test_every_control_of_the_form_can_be_reached_and_shows_where_it_is(page: Page) -> None:
    page.goto("/watchlist/edit?name=Brightwater+Marine")
    page.get_by_text("Only where …").click()
    reached = set()
    page.get_by_label("Name").focus()
    for _ in range(40):
        place, outline = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.id || e.value || e.tagName, parseFloat(s.outlineWidth)] })()"
        )
        assert outline >= 2, place
        reached.add(place)
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    assert {"name", "aliases", "type", "headline", "near", "not_near", "wikidata", "yes"} <= reached
