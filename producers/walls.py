"""Pages that stand in front of the article: recognised by what they say of themselves. Pure."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from producers.documents import plain

Wall = Literal["consent wall", "log-in page", "robot check", "paywall"]

_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_HEAD = 300_000
_CONSENT_HOST = re.compile(r"^(?:consent|cmp|privacy-?gate|cookie-?wall|myprivacy)\.|\.consent\.", re.IGNORECASE)
_CONSENT_PATH = re.compile(
    r"^/(?:consent|collectconsent|cookie-?wall|privacy-?(?:gate|wall|consent))(?:/|$)", re.IGNORECASE
)
_LOGIN_PATH = re.compile(r"/(?:login|log-in|signin|sign-in|sso|auth/login)/?(?:\.\w+)?$", re.IGNORECASE)
_TITLES: tuple[tuple[Wall, re.Pattern[str]], ...] = (
    (
        "consent wall",
        re.compile(
            r"^(?:before you continue\b|your privacy(?: choices| matters| is important to us)?$"
            r"|we (?:value|care about) your privacy|privacy (?:settings|consent|gate|preferences)$"
            r"|cookie (?:settings|wall|notice|consent)$|consent$"
            r"|manage (?:your )?(?:consent|cookies)|we use cookies|cookie-?zustimmung|datenschutz-?einstellungen)",
            re.IGNORECASE,
        ),
    ),
    ("log-in page", re.compile(r"^(?:sign|log)[ -]?in(?:$| to\b|\W*[|–—-])|^log[ -]?in required", re.IGNORECASE)),
    (
        "robot check",
        re.compile(
            r"^(?:just a moment(?:\.\.\.|…)|attention required!|are you (?:a )?(?:human|robot)\?*$"
            r"|pardon our interruption|access denied$"
            r"|verify(?:ing)? you are|security check$|human verification|ddos-guard|robot check)",
            re.IGNORECASE,
        ),
    ),
)
_PARAGRAPH = re.compile(rb"<p[\s>]", re.IGNORECASE)
_MANY_PARAGRAPHS = 12
_NOT_FREE = re.compile(
    rb"[\"']isAccessibleForFree[\"']\s*:\s*(?:[\"']https?://schema\.org/)?[\"']?false", re.IGNORECASE
)
_TIER = re.compile(rb"<meta[^<>]{0,200}article:content_tier[^<>]{0,200}>", re.IGNORECASE)
_TIER_SHUT = re.compile(rb"content\s*=\s*[\"']?(?:locked|metered)\b", re.IGNORECASE)


def wall(body: bytes, url: str = "") -> Wall | None:
    """Which wall a page is, or has; None for none.

    body: the page, or its beginning. url: where it was found after redirects. A consent wall, log-in page or robot
    check stands instead of the article, has few paragraphs and says what it is by its title or address. A paywall is on
    the article's own page and declared by it: `isAccessibleForFree` (https://schema.org/isAccessibleForFree), or
    `article:content_tier` locked or metered
    (https://developers.facebook.com/docs/instant-articles/subscriptions/content-tiering).
    """
    start = body[:_HEAD]
    try:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
    except ValueError:
        host, path = "", ""
    if _CONSENT_HOST.search(host) or _CONSENT_PATH.search(path):
        return "consent wall"
    if _LOGIN_PATH.search(path):
        return "log-in page"
    found = _TITLE.search(start)
    title = plain(found[1].decode("utf-8", "replace")) if found else ""
    # An article may have the title of a wall; it has paragraphs then.
    walled = len(_PARAGRAPH.findall(start)) < _MANY_PARAGRAPHS
    for name, pattern in _TITLES:
        if walled and pattern.search(title):
            return name
    tier = _TIER.search(start)
    if _NOT_FREE.search(start) or (tier and _TIER_SHUT.search(tier[0])):
        return "paywall"
    return None
