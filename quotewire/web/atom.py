"""Alerts as an Atom feed (RFC 4287), for feed readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from quotewire.web.rendering import web_address
from schemas.records import Alert

_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold: https://www.w3.org/TR/xml/#charsets."""

register_namespace("", _ATOM)


def atom(alerts: Sequence[Alert], base: str, address: str, name: str, now: datetime) -> bytes:
    """The document.

    base: address of the page, with a slash at the end. address: of the feed itself. name: the tracked name that it is
    of, empty for all. now: what it is dated where there is no alert.

    An entry is dated by its raising and keeps its date: how an alert grows is no news to a reader.
    """
    feed = Element(f"{{{_ATOM}}}feed")
    _text(feed, "id", address)
    _text(feed, "title", f"Quotewire alerts: {name}" if name else "Quotewire alerts")
    _text(feed, "updated", max((alert.raised for alert in alerts), default=now).isoformat())
    _link(feed, "self", address)
    _link(feed, "alternate", f"{base}alerts")
    _text(SubElement(feed, f"{{{_ATOM}}}author"), "name", "Quotewire")
    for alert in alerts:
        _entry(feed, alert, base)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed)


def _entry(feed: Element, alert: Alert, base: str) -> None:
    entry = SubElement(feed, f"{{{_ATOM}}}entry")
    own = f"{base}alerts/{quote(alert.id, safe='')}"
    _text(entry, "id", f"urn:quotewire:alert:{quote(alert.id, safe='')}")
    _text(entry, "title", f"{alert.name}: {alert.title or alert.outlet or 'a new mention'}")
    _text(entry, "updated", alert.raised.isoformat())
    _text(entry, "published", alert.raised.isoformat())
    _link(entry, "alternate", own)
    if article := web_address(alert.url):
        _link(entry, "related", article)
    SubElement(entry, f"{{{_ATOM}}}category", term=_clean(alert.name))
    said = [f"{said.speaker or 'Unknown speaker'}: {said.text}" for said in alert.quotes[:3]]
    _text(entry, "summary", "\n".join([alert.sentence.text, *said, alert.outlet]))


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}{tag}").text = _clean(text)


def _link(parent: Element, relation: str, address: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}link", rel=relation, href=_clean(address))


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
