"""Feed documents for tests, written by ourselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

LONG = "The council met on Tuesday evening and heard from residents of the lower town about the flood wall. " * 3


@dataclass(frozen=True)
class Item:
    """One RSS item; what is None is left out."""

    number: int = 0
    title: str | None = "Council votes on flood wall"
    link: str | None = None
    guid: str | None = None
    description: str | None = LONG
    date: str | None = None

    def render(self) -> str:
        parts = []
        for name, value in (
            ("title", self.title),
            ("link", self.link),
            ("description", self.description),
            ("pubDate", self.date),
        ):
            if value is not None:
                parts.append(f"<{name}>{escape(value)}</{name}>")
        if self.guid is not None:
            parts.append(f'<guid isPermaLink="false">{escape(self.guid)}</guid>')
        return f"<item>{''.join(parts)}</item>"


def item(number: int, **fields: str | None) -> Item:
    """An item that differs from the others in everything."""
    values: dict[str, str | None] = {
        "title": f"Report {number} from the harbour",
        "link": f"https://ashmere.example/{number}/report",
        "guid": f"tag:ashmere.example,2026:report-{number}",
        "description": f"Number {number}. {LONG}",
        "date": None,
    } | fields
    return Item(number, **values)


def rss(items: Iterable[Item], *, title: str = "The Ashmere Courier", extra: str = "") -> bytes:
    body = "".join(one.render() for one in items)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{escape(title)}</title>'
        f"<link>https://ashmere.example/</link>{extra}{body}</channel></rss>"
    ).encode()
