"""How the tests of the pages read them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
import lxml.html

from quotewire.adapters.memory_index import MemoryIndex
from tests.quotewire.web.newsroom import make_app


def read(site: httpx.Client, address: str, status: int = 200) -> lxml.html.HtmlElement:
    """The page at an address, which must be answered with this status."""
    response = site.get(address)
    assert response.status_code == status, response.text
    return lxml.html.fromstring(response.text)


def texts(page: lxml.html.HtmlElement, css: str) -> list[str]:
    """The text of each element of a tag and classes, as `li.quote`, in one line."""
    classes = "".join(f"[contains(concat(' ',@class,' '),' {name} ')]" for name in css.split(".")[1:])
    return [" ".join(found.text_content().split()) for found in page.xpath(f"//{css.split('.')[0] or '*'}{classes}")]


async def ask(
    index: MemoryIndex, address: str, *, host: str = "localhost", allowed: Sequence[str] = ()
) -> httpx.Response:
    """The answer of a page that shows an index, asked for under the name of a host."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(index, Path(folder), allowed_hosts=allowed)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.get(address)
