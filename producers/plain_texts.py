"""The texts, addresses and dates of a plain feed document, as feedparser would read them, or `Unusual`.

Elements are lxml's. Whatever is not known for certain to read the same raises `Unusual`, and feedparser reads the
document.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from producers.documents import MAX_ADDRESS

ATOM = "{http://www.w3.org/2005/Atom}"

_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~!$'()*+,=:@%/-]*)?"
    r"(?:\?[A-Za-z0-9._~!$'()*+,=:@%/?&-]+)?(?:#[A-Za-z0-9._~!$'()*+,=:@%/?-]+)?"
)
_CONTROLS = re.compile("[\x80-\x9f]")
_NAME = re.compile(r"(?:tag|urn):[A-Za-z0-9._~!$'()*+,=:@%/-]+")
_MAIL_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) "
    r"(\d\d):(\d\d):(\d\d) (?:GMT|([+-])(\d\d)(\d\d))"
)
_NET_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))")
_MONTHS = {name: str(n + 1) for n, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())}
_PAGES = ("text/html", "html", "application/xhtml+xml", "xhtml")


class Unusual(Exception):
    """Something that feedparser is to look at."""


def text_of(element: Any) -> str:
    """The text of an element that has no others inside."""
    if len(element):
        raise Unusual
    text = (element.text or "").strip()
    if not text.isascii():
        # feedparser takes these for text in another encoding, and mends it.
        if _CONTROLS.search(text):
            raise Unusual
        try:
            text.encode("latin-1").decode()
        except UnicodeError:
            return text
        raise Unusual
    return text


def leaf(element: Any) -> str:
    """The text of an element that has neither attributes nor others inside."""
    if element.attrib:
        raise Unusual
    return text_of(element)


def typed(element: Any) -> tuple[bool, str]:
    """Whether an Atom text is HTML, and the text."""
    kind = element.get("type", "text")
    if len(element.attrib) > ("type" in element.attrib) or kind not in ("text", "html"):
        raise Unusual
    return kind == "html", text_of(element)


def address_in(text: str) -> str:
    """The text, where it is an absolute web address that nobody would change."""
    if len(text) > MAX_ADDRESS or not _ADDRESS.fullmatch(text):
        raise Unusual
    return text


def names(text: str) -> bool:
    """Whether a text is a tag or URN: a name that is no web address."""
    return bool(_NAME.fullmatch(text))


def date_in(text: str | None) -> datetime | None:
    """The moment that a date in one of the two usual forms names; None for no text."""
    if not text:
        return None
    found = _MAIL_DATE.fullmatch(text)
    if found:
        day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
        month = _MONTHS[month]
    else:
        found = _NET_DATE.fullmatch(text)
        if not found:
            raise Unusual
        year, month, day, hour, minute, second, sign, hours, minutes = found.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        if sign:
            away = timedelta(hours=int(hours), minutes=int(minutes))
            if away > timedelta(hours=14) or int(minutes) > 59:
                raise Unusual
            moment = moment - away if sign == "+" else moment + away
    except (ValueError, OverflowError):
        raise Unusual from None
    if moment.year < 1000:
        raise Unusual
    return moment


def link_kind(element: Any) -> tuple[str, str, bool]:
    """The relation of an Atom link, its address, and whether it is a page's."""
    attributes = element.attrib
    if set(attributes) - {"href", "rel", "type", "title", "length"} or len(element) or (element.text or "").strip():
        raise Unusual
    kind = attributes.get("rel", "alternate").lower()
    media = attributes.get("type", "text/html").lower()
    return (
        kind,
        address_in(attributes.get("href", "")),
        media in ("text/html", "html", "application/xhtml+xml", "xhtml"),
    )
