"""What a page says of its own address and language. Pure."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

from courlan import extract_domain

_HEAD = 300_000
_LINK = re.compile(rb"<link\b([^<>]{0,2000})>", re.IGNORECASE)
_CANONICAL = re.compile(rb"\brel\s*=\s*(?:[\"'][^\"']*\bcanonical\b[^\"']*[\"']|canonical\b)", re.IGNORECASE)
_HREF = re.compile(rb"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_LANGUAGE = re.compile(
    rb"<html\b[^<>]{0,2000}?\blang\s*=\s*[\"']?([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*)", re.IGNORECASE
)


def canonical_link(page: bytes, url: str) -> str | None:
    """The address that a page gives as its own (RFC 6596), absolute; None for none that can be believed.

    url: where the page was found. Believed is an address of the same registered domain that is not its front page: some
    sites name that on every page, and another site's would send readers elsewhere.
    """
    for link in _LINK.findall(page[:_HEAD]):
        found = _HREF.search(link) if _CANONICAL.search(link) else None
        if found:
            written = html.unescape((found[1] or found[2] or found[3] or b"").decode("utf-8", "replace"))
            address = absolute(written, url)
            return address if address and _may_be_its_own(address, url) else None
    return None


def declared_language(page: bytes) -> str | None:
    """The BCP 47 tag that a page declares as its language."""
    found = _LANGUAGE.search(page[:_HEAD])
    return found[1].decode() if found else None


def absolute(address: str | None, base: str) -> str | None:
    """An http or https address, taken from `base` where it is relative; None for anything else."""
    text = (address or "").strip()
    if not text or any(char.isspace() or not char.isprintable() for char in text):
        return None
    try:
        joined = urljoin(base, text)
        parts = urlsplit(joined)
        known = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        return None
    return joined if known else None


def _may_be_its_own(address: str, url: str) -> bool:
    parts = urlsplit(address)
    if not (parts.path.strip("/") or parts.query):
        return False
    here, there = urlsplit(url).hostname, parts.hostname
    return here == there or (extract_domain(url) or here) == (extract_domain(address) or there)
