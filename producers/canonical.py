"""One address for one article, however a feed spells it."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from courlan import normalize_url
from courlan.clean import clean_query

_AMP_HOST = re.compile(r"^amp\.")
_AMP_START = re.compile(r"(?:/amp)+(?=/[^/]+/[^/]+)")
"""Leading parts `amp` before two others: one alone may be the name of an article in a section of that name."""
_AMP_VIEWER = re.compile(
    r"(?:(?:www\.)?google(?:\.[a-z]{2,3}){1,2}/amp|(?:[a-z0-9-]+\.)?cdn\.ampproject\.org/[cv])/(?P<tls>s/)?"
    r"(?:[^/@]*@)?(?P<host>(?:[\w-]+\.)+[^\W\d][\w-]*)(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:(?:/|%3f).*)?)",
    re.IGNORECASE,
)
"""Host and path of an AMP viewer's or cache's address; what follows is the article's without its scheme
(https://developers.google.com/amp/cache/overview)."""
_ENCODED_QUERY = re.compile(r"%3f", re.IGNORECASE)
_ENCODED_PAIRS = re.compile(r"%(?:3d|26)", re.IGNORECASE)
_AMP_PAIRS = frozenset(
    [(name, value) for name in ("amp", "_amp") for value in ("", "1", "true")]
    + [(name, "amp") for name in ("output", "outputtype", "view")]
    + [("__twitter_impression", "true")]
)
_SLASHES = re.compile(r"/+")
_UPWARDS = re.compile(r"(?:/\.\.(?![^/]))+")
_PLAIN = re.compile(r"https?://(?!amp\.)[a-z0-9]+(?:[.-][a-z0-9]+)+(?:/(?!amp(?:/|$))[a-z0-9_-]+)+")
_CAMPAIGN = re.compile(
    r"^(?:utm_|at_|mc_|pk_|mtm_|hsa_|_hs|cmpid$|ns_|fbclid$|gclid$|dclid$|msclkid$|igshid$|yclid$|xtor$|ocid$|smid$|"
    r"ref_src$|cmp$|rss$|ito$|guccounter$|usqp$|amp_js_v$|amp_gsa$|wt\.mc_|srnd$)",
    re.IGNORECASE,
)
"""Names that say where a reader came from and nothing else."""
_CAMPAIGN_WORD = re.compile(r"^(?:ref|partner|source|src|feature|ncid|icid)$", re.IGNORECASE)
"""Names that do so where the value is no number; a number may be an article's."""


@functools.lru_cache(maxsize=4_096)
def canonical_url(url: str) -> str:
    """The address without tracking parameters, AMP variants and fragments that only mark a place or a source.

    The address of an AMP viewer or cache becomes that of the article within. courlan's rules for parameters, but one
    that is only a number or has no value is kept, unless its name is a campaign's beyond doubt (`utm_id`, `gclid`): it
    may be all that tells one article from another. An address that cannot be read comes back as it is.
    """
    # Most addresses have nothing that could be left out, and are many: they need not be taken apart.
    return url if _PLAIN.fullmatch(url) else in_full(url)


def in_full(url: str) -> str:
    """As `canonical_url`, however plain the address."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        if not host:
            return url
        within = _without_amp(_Place(parts.scheme, host, port, parts.path, parts.query))
        netloc = (f"[{within.host}]" if ":" in within.host else within.host) + (
            f":{within.port}" if within.port else ""
        )
        query = _kept(within.query)
        fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
        plain = str(normalize_url(urlunsplit((within.scheme, netloc, within.path or "/", "", fragment))))
    except ValueError:
        return url
    if not query:
        return plain
    before, mark, after = plain.partition("#")
    return f"{before}?{query}{mark}{after}"


class _Place(NamedTuple):
    """What an address is made of, but for its fragment."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str


def _without_amp(place: _Place) -> _Place:
    """The article's own place."""
    # Each step leaves less, and there is little to a step: strangers choose how many there are.
    place = place._replace(path=_SLASHES.sub("/", place.path))
    while True:
        path = _without_amp_end(_without_start(_UPWARDS, place.path))
        place = place._replace(host=_AMP_HOST.sub("www.", place.host), path=path)
        viewer = _AMP_VIEWER.fullmatch(place.host + path)
        shorter = _without_start(_AMP_START, path)
        if viewer:
            place = _viewed(viewer, place.query)
        elif shorter != path:
            place = place._replace(path=shorter)
        else:
            return place


def _viewed(viewer: re.Match[str], query: str) -> _Place:
    # The article's query is within the viewer's path.
    path, *pairs = _ENCODED_QUERY.split(viewer["path"], maxsplit=1)
    within = [_ENCODED_PAIRS.sub(lambda found: unquote(found[0]), each) for each in pairs]
    scheme = "https" if viewer["tls"] else "http"
    port = int(viewer["port"]) if viewer["port"] else None
    return _Place(scheme, viewer["host"].lower(), port, path, "&".join(part for part in (*within, query) if part))


def _without_start(pattern: re.Pattern[str], path: str) -> str:
    found = pattern.match(path)
    return path[found.end() :] if found else path


def _without_amp_end(path: str) -> str:
    while True:
        ending = next((ending for ending in (".html", ".htm") if path.endswith(ending)), "")
        stem = path.removesuffix(ending)
        bare = stem.removesuffix("/").removesuffix("/amp") if stem.endswith(("/amp", "/amp/")) else stem
        bare = bare.removesuffix(".amp")
        if bare == stem or not bare or bare.endswith("/"):
            return path
        path = bare + ending


def _kept(query: str) -> str:
    kept = [
        (key, value) for key, value in sorted(parse_qsl(query, keep_blank_values=True)) if _tells_articles(key, value)
    ]
    # A value that is missing stays so: `?b` is not `?b=` everywhere.
    return "&".join(urlencode([pair]) if pair[1] else urlencode([pair]).removesuffix("=") for pair in kept)


def _tells_articles(key: str, value: str) -> bool:
    if _CAMPAIGN.match(key) or (key.lower(), value.lower()) in _AMP_PAIRS:
        return False
    if value.isdigit():
        return True
    return not _CAMPAIGN_WORD.match(key) and (not value or bool(clean_query(urlencode([(key, value)]))))


@functools.lru_cache(maxsize=4_096)
def address_key(url: str) -> str:
    """What two spellings of one article's address share: no scheme, no `www.`, no slash at the end."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit(("", parts.netloc.lower().removeprefix("www."), path, parts.query, parts.fragment))


@functools.lru_cache(maxsize=4_096)
def names_a_page(url: str) -> bool:
    """Whether an address can be an article's own: not the front page of a site."""
    parts = urlsplit(url)
    return bool(parts.path.strip("/") or parts.query or parts.fragment)
