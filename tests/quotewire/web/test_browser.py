"""The pages in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/?q=pier&entity=Vessby&from=2026-01-01&to=2026-03-14",
    "/?q=zebra",
    "/articles/pier",
    "/articles/hostile",
    "/articles/arabic",
    "/speakers",
    "/speakers?name=oliveira",
    "/alerts",
    "/alerts?name=Ingrid+Halvorsen",
    "/alerts/pier-Ingrid%20Halvorsen",
    "/alerts/latency",
    "/watchlist",
    "/watchlist/edit?name=Brightwater+Marine",
    "/?entity=Vessby",
    "/feeds",
]


@pytest.fixture
def page(chromium: Browser, page_address: str) -> Iterator[Page]:
    """A page in a context of its own; the test fails where the browser complains."""
    context = chromium.new_context(base_url=page_address, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("address", PAGES)
def test_nothing_is_wider_than_the_window(page: Page, address: str) -> None:
    page.goto(address)
    for width in (320, 375, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/articles/pier",
        "/speakers?name=oliveira",
        "/alerts",
        "/alerts/pier-Ingrid%20Halvorsen",
        "/watchlist",
        "/watchlist/edit",
        "/feeds",
    ],
)
def test_text_stands_out_from_its_ground(page: Page, scheme: str, address: str) -> None:
    # WCAG 2.1, 1.4.3: a contrast of 4.5 to 1 at least.
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address)
    assert page.evaluate(_LOW_CONTRAST) == []


_LOW_CONTRAST = """() => {
  const channels = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = channels(getComputedStyle(e).backgroundColor);
      if (color.length && (color.length < 4 || color[3] > 0)) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest('.unseen, .skip, title') || !element.getClientRects().length) continue;
    const [a, b] = [channels(getComputedStyle(element).color), ground(element)].map(light).sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(node.data.trim().slice(0, 40));
  }
  return low;
}"""


def test_a_reader_finds_a_quote_and_who_said_it(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Search the articles").fill("pier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 articles for pier")
    page.get_by_role("link", name="Karlsund Gazette").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 article for pier")
    page.get_by_role("link", name="Outlet Karlsund Gazette").click()
    page.get_by_role("link", name="Harbour board puts off vote").click()
    page.locator("#said").get_by_role("link", name="every month of waiting").click()
    expect(page.locator("#q2")).to_be_in_viewport()
    page.locator("#said").get_by_role("link", name="Tomás Oliveira").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tomás Oliveira")
    page.get_by_label("about").fill("school roof")
    page.get_by_role("button", name="Find quotes").click()
    expect(page.locator("blockquote").first).to_contain_text("the school roof")


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Page) -> None:
    page.goto("/speakers?name=halvorsen")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        place, outline = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.getAttribute('href') || e.id || e.tagName, parseFloat(s.outlineWidth)] })()"
        )
        if place == "BODY":
            break
        assert outline >= 2, place
        reached.add(place)
    assert {"name", "about", "/articles/pier#q1", "/articles/ferry#q2"} <= reached


def test_the_facets_of_a_narrow_window_open_without_a_script(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto("/")
    expect(page.locator(".facets")).to_be_hidden()
    page.get_by_text("Narrow down", exact=True).click()
    expect(page.locator(".facets")).to_be_visible()


def test_the_marks_can_be_taken_off(page: Page) -> None:
    page.goto("/articles/pier")
    expect(page.locator(".by").first).to_be_visible()
    page.get_by_text("Plain text", exact=True).click()
    expect(page.locator(".by").first).to_be_hidden()
    assert page.locator(".entity").first.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_a_link_to_a_quote_shows_it(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 400})
    page.goto("/articles/pier#q5")
    expect(page.locator("#q5")).to_be_in_viewport()
    assert page.locator("#q5").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
