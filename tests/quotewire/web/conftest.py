"""The page over invented news: asked in this process, and served for a real browser."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from quotewire.adapters.memory_index import MemoryIndex
from quotewire.web.server import serve
from tests.quotewire.web.newsroom import ALERTS, ARTICLES, FEEDS, WATCHLIST, make_app

CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


@pytest.fixture(scope="session")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page, really served, with an index full of invented news."""
    index = MemoryIndex()
    index.put_articles(ARTICLES)
    index.put_alerts(ALERTS)
    app = make_app(index, tmp_path_factory.mktemp("page"), feeds=lambda: FEEDS, names=WATCHLIST)
    stop, ready = threading.Event(), threading.Event()
    addresses: list[str] = []

    def on_ready(address: str) -> None:
        addresses.append(address)
        ready.set()

    thread = threading.Thread(target=serve, args=(app, "127.0.0.1", 0, stop), kwargs={"ready": on_ready})
    thread.start()
    assert ready.wait(10)
    yield addresses[0].rstrip("/")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def site(page_address: str) -> Iterator[httpx.Client]:
    """A client of the served page."""
    with httpx.Client(base_url=page_address, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, without a window.

    Only for as long as one module needs it: while Playwright runs, asynchronous tests cannot.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        message = "no Chromium on this machine: the page is not tried in a browser (install the package “chromium”)"
        if os.environ.get("QUOTEWIRE_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
