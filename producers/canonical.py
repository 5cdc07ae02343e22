"""One address for one article, however a feed spells it."""

from __future__ import annotations

import functools
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from courlan import normalize_url
from courlan.clean import clean_query

_AMP_HOST = re.compile(r"^amp\.")
_AMP_PATH = re.compile(r"(?:/amp|\.amp(?=\.html?$)|\.amp$)/?(?=$|\.html?$)")
_AMP_QUERY = re.compile(r"(?:^|&)(?:amp(?:=1|=true)?|outputType=amp|output=amp)(?=&|$)", re.IGNORECASE)
_PLAIN = re.compile(r"https?://(?!amp\.)[a-z0-9]+(?:[.-][a-z0-9]+)+(?:/(?!amp(?:/|$))[a-z0-9_-]+)+")
_CAMPAIGN = re.compile(
    r"^(?:utm_|at_|mc_|pk_|mtm_|hsa_|_hs|cmpid$|ns_|fbclid$|gclid$|dclid$|msclkid$|igshid$|yclid$|xtor$|ocid$|smid$|"
    r"ref$|ref_src$|partner$|cmp$|rss$|source$|src$|feature$|ito$|guccounter$)",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=4_096)
def canonical_url(url: str) -> str:
    """The address without tracking parameters, AMP variants and fragments that only mark a place or a source.

    courlan's rules, but a parameter that is only a number or has no value is kept, whatever its name: it may be all
    that tells one article from another. An address that cannot be read comes back as it is.
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
        netloc = _AMP_HOST.sub("www.", f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
        query = _kept(_AMP_QUERY.sub("", parts.query).strip("&"))
        fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
        path = _AMP_PATH.sub("", parts.path) or "/"
        plain = str(normalize_url(urlunsplit((parts.scheme, netloc, path, "", fragment))))
    except ValueError:
        return url
    if not query:
        return plain
    before, mark, after = plain.partition("#")
    return f"{before}?{query}{mark}{after}"


def _kept(query: str) -> str:
    kept = [
        (key, value)
        for key, value in sorted(parse_qsl(query, keep_blank_values=True))
        if not _CAMPAIGN.match(key) and (not value or value.isdigit() or clean_query(urlencode([(key, value)])))
    ]
    # A value that is missing stays so: `?b` is not `?b=` everywhere.
    return "&".join(urlencode([pair]) if pair[1] else urlencode([pair]).removesuffix("=") for pair in kept)


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
