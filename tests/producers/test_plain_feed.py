"""The quick reader gives what feedparser gives, or leaves the document to feedparser."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.documents import ParsedFeed
from producers.parse import parse, parse_carefully
from producers.plain_feed import parse_plain

URL = "https://ashmere.example/news/feed.xml"
NAMES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


def quickly(document: bytes, content_type: str | None = "application/rss+xml") -> ParsedFeed | None:
    return parse_plain(document, content_type=content_type, has_language=False)


def carefully(document: bytes, content_type: str | None = "application/rss+xml") -> ParsedFeed:
    return parse_carefully(document, url=URL, content_type=content_type, headers={})


def rss(items: str, channel: str = "", root: str = 'version="2.0"') -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{head}<rss {root} {NAMES}><channel><title>Courier</title>{channel}{items}</channel></rss>".encode()


def atom(entries: str, feed: str = "", root: str = "") -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?>'
    namespaces = f'xmlns="http://www.w3.org/2005/Atom" {NAMES}'
    return f"{head}<feed {namespaces} {root}><title>Courier</title>{feed}{entries}</feed>".encode()


RSS_ITEM = (
    "<item><title>Vote on AT&amp;T – “final”</title><link>https://ashmere.example/1?a=1&amp;b=2</link>"
    '<guid isPermaLink="false">one</guid><pubDate>Wed, 04 Mar 2026 05:06:07 +0130</pubDate>'
    "<dc:creator><![CDATA[Jo Field]]></dc:creator><category domain='x'>Local</category><category>Sea</category>"
    "<description><![CDATA[<p>Short &amp; plain</p>]]></description>"
    "<content:encoded><![CDATA[<p>Long &nbsp; and <b>full</b></p>]]></content:encoded>"
    '<media:content url="https://img.example/1.jpg" medium="image"/><slash:comments>3</slash:comments>'
    '<enclosure url="https://img.example/2.png" type="image/png" length="9"/></item>'
)
ATOM_ENTRY = (
    '<entry><id>tag:ashmere.example,2026:1</id><title type="html">A &amp;lt;b&amp;gt; &lt;i&gt;word&lt;/i&gt;</title>'
    '<link href="https://ashmere.example/1"/><link rel="self" href="https://ashmere.example/1.atom"/>'
    "<published>2026-03-04T05:06:07Z</published><updated>2026-03-04T06:06:07+01:00</updated>"
    "<author><name>Jo Field</name><uri>https://ashmere.example/jo</uri></author>"
    '<category term="sea" label="Sea"/><summary>Short</summary><content type="html">&lt;p&gt;Long&lt;/p&gt;</content>'
    "</entry>"
)
READ = {
    "rss": rss(RSS_ITEM),
    "rss with a channel": rss(
        RSS_ITEM,
        "<link>https://ashmere.example/</link><description>News</description><language>en-gb</language><ttl>15</ttl>"
        "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
        "<skipHours><hour>1</hour><hour>24</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
        "<image><url>https://img.example/logo.png</url><title>Logo</title><link>https://other.example/</link></image>"
        '<atom:link rel="self" href="https://ashmere.example/feed"/><lastBuildDate>now and then</lastBuildDate>',
    ),
    "language": rss(RSS_ITEM, root='version="2.0" xml:lang="en_GB"'),
    "comments and instructions": rss(
        "<item><title>One<!-- two --> three<?four?> five</title><guid>https://ashmere.example/5</guid></item>"
    ),
    "cdata beside text": rss("<item><title>a<![CDATA[ b ]]>c &lt; d</title><description>x</description></item>"),
    "a permalink alone": rss("<item><title>T</title><guid>https://ashmere.example/9</guid></item>"),
    "text after content": rss("<item><content:encoded>long</content:encoded><description>long</description></item>"),
    "content twice as summary": rss("<item><content:encoded>long</content:encoded></item>"),
    "entities in a title": rss("<item><title>Fish &amp;amp; chips &amp;#8217;</title></item>"),
    "markup in a title": rss("<item><title>&lt;b&gt;Bold&lt;/b&gt; words</title></item>"),
    "comparison in a title": rss("<item><title>1 &lt; 2</title></item>"),
    "thumbnail": rss('<item><title>T</title><media:thumbnail url="https://img.example/t.jpg" width="9"/></item>'),
    "no date": rss("<item><title>T</title><pubDate></pubDate></item>"),
    "hubs": rss(
        RSS_ITEM,
        '<atom:link rel="HUB" href="https://hub.example/"/><atom:link rel="hub" href="https://other.example/h"/>'
        '<atom:link rel="self" href="https://ashmere.example/feed"/><atom:link rel="self" href="https://b.example/"/>',
    ),
    "atom hubs": atom(
        ATOM_ENTRY, '<link rel="hub" href="https://hub.example/"/><link rel="self" href="https://ashmere.example/a"/>'
    ),
    "no items": rss("", "<link>https://ashmere.example/</link>"),
    "atom": atom(ATOM_ENTRY),
    "atom with a feed": atom(
        ATOM_ENTRY,
        "<id>urn:uuid:1</id><subtitle>News</subtitle><updated>2026-03-04T05:06:07Z</updated>"
        '<generator uri="https://x.example/">X</generator><author><name>Courier</name></author>'
        '<link rel="self" href="https://ashmere.example/feed"/><link href="https://ashmere.example/"/>',
        'xml:lang="en"',
    ),
    "atom id that is an address": atom("<entry><id>https://ashmere.example/7</id><title>T</title></entry>"),
    "atom enclosure": atom(
        '<entry><id>tag:a,1:2</id><title>T</title><link href="https://ashmere.example/1"/>'
        '<link rel="enclosure" type="image/jpeg" href="https://img.example/3.jpg"/></entry>'
    ),
}
LEFT = {
    "relative link": rss("<item><title>T</title><link>/1</link></item>"),
    "two links": rss("<item><link>https://a.example/1</link><link>https://a.example/2</link></item>"),
    "two titles": rss("<item><title>T</title><title>U</title></item>"),
    "mail address of an author": rss("<item><title>T</title><author>jo@ashmere.example (Jo)</author></item>"),
    "permalink that is a number": rss("<item><title>T</title><guid>17</guid></item>"),
    "unknown date": rss("<item><title>T</title><pubDate>yesterday</pubDate></item>"),
    "a day that does not exist": rss("<item><pubDate>Wed, 31 Feb 2026 05:06:07 GMT</pubDate></item>"),
    "encoded twice": rss("<item><title>CafÃ©</title></item>"),
    "windows quotes": rss("<item><title>\x93quoted\x94</title></item>"),
    "namespace not known": rss("<item><title>T</title><itunes:author>Jo</itunes:author></item>"),
    "other case": rss("<item><TITLE>T</TITLE></item>"),
    "markup inside": rss("<item><title>T <b>bold</b></title></item>"),
    "base": rss(RSS_ITEM, root='version="2.0" xml:base="https://other.example/"'),
    "language of an element": rss("<item><title xml:lang='fr'>T</title></item>"),
    "doctype": rss(RSS_ITEM).replace(b"<rss", b"<!DOCTYPE rss><rss", 1),
    "old version": rss(RSS_ITEM, root='version="0.91"'),
    "two channels": rss("").replace(b"</rss>", b"<channel/></rss>"),
    "cut off": rss(RSS_ITEM)[:-20],
    "a feed's id instead of its site": atom(ATOM_ENTRY, "<id>https://ashmere.example/</id>"),
    "xhtml": atom('<entry><title>T</title><content type="xhtml"><div>words</div></content></entry>'),
    "another encoding": rss(RSS_ITEM).replace(b"UTF-8", b"ISO-8859-1"),
    "broken bytes": rss("<item><title>T\xff</title></item>").replace(b"\xc3\xbf", b"\xff"),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_quickly_is_what_feedparser_reads(name: str) -> None:
    assert quickly(READ[name]) == carefully(READ[name])


@pytest.mark.parametrize("name", LEFT)
def test_what_is_unusual_is_left_to_feedparser(name: str) -> None:
    assert quickly(LEFT[name]) is None
    assert parse(LEFT[name], url=URL, content_type="application/rss+xml") == carefully(LEFT[name])


@pytest.mark.parametrize(
    ("content_type", "read"),
    [
        (None, True),
        ("text/xml", False),
        ("text/xml; charset=utf-8", True),
        ("application/xml", True),
        ("application/rss+xml; charset=iso-8859-1", False),
        ("text/html", False),
        ("application/octet-stream", False),
    ],
)
def test_what_encoding_an_answer_has_is_certain_or_left(content_type: str | None, read: bool) -> None:
    document = rss("<item><title>Café</title></item>")
    if content_type == "text/xml":
        document = document.replace(b' encoding="UTF-8"', b"")
    assert (quickly(document, content_type) is not None) is read
    assert parse(document, url=URL, content_type=content_type) == carefully(document, content_type)


def test_an_answer_that_says_its_language_is_left() -> None:
    assert parse_plain(READ["rss"], content_type=None, has_language=True) is None


# --- documents made by chance -----------------------------------------------------------------------------------------

_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "plain",
        "a &amp; b",
        "x < y",
        "<b>bold</b>",
        "&#8217;",
        "AT&T",
        "Ã©",
        "caf\u00e9",
        "\u0085",
        "&nbsp;",
        "&foo;",
    ]
)
_links = st.sampled_from(
    [
        "https://ashmere.example/1", "http://ashmere.example/a?b=1&c=2", "https://ashmere.example/a;b", "/relative", "",
        "https://ashmere.example", "https://ashmere.example/#x", "https://ashmere.example/?", "HTTPS://ashmere.example/u",
        "https://ashmere.example/a/../b", "https://ashmere.example//x", "mailto:jo@a.example", "tag:a.example,2026:1",
        "https://ashmere.example/ü", "17", "urn:uuid:12-34", "https://ashmere.example/a b", "tag:a.example,2026:?x=1",
        "https://ashmere.example/%zz", "https://ashmere.example:99999/", "https://ashmere.example/a&amp;b",
    ]
)  # fmt: skip
_dates = st.sampled_from(
    [
        "Wed, 04 Mar 2026 05:06:07 GMT", "Wed, 4 Mar 2026 05:06:07 -0530", "Wed, 04 Mar 26 05:06:07 EST", "",
        "2026-03-04T05:06:07Z", "2026-03-04T05:06:07.25+02:00", "2026-03-04", "2026-02-30T05:06:07Z", "tomorrow",
        "Wed, 04 Mar 2026 24:00:00 GMT", "Wed, 04 Mar 2026 05:06:60 GMT", "0001-01-01T00:00:00+10:00",
        "2026-03-04T05:06:07+25:00", "2026-03-04T24:00:00Z", "9999-12-31T23:59:59-10:00",
    ]
)  # fmt: skip


def _element(name: str, text: st.SearchStrategy[str], attributes: tuple[str, ...] = ("",)) -> st.SearchStrategy[str]:
    def render(value: str, attribute: str, cdata: bool) -> str:
        inner = f"<![CDATA[{value}]]>" if cdata and "]]>" not in value else escape(value)
        return f"<{name}{attribute}>{inner}</{name}>"

    return st.builds(render, text, st.sampled_from(attributes), st.booleans())


_common = st.one_of(
    _element("dc:creator", _words),
    _element("dc:date", _dates),
    _element("dc:subject", _words),
    _links.map(lambda link: f"<media:content url={quoteattr(link)} medium='image'/>"),
    _links.map(lambda link: f"<media:content url={quoteattr(link)} type='Image/PNG' isDefault='true'/>"),
    _links.map(lambda link: f"<media:thumbnail url={quoteattr(link)}/>"),
    _element("slash:comments", _words),
)
_rss_items = st.lists(
    st.lists(
        st.one_of(
            _element("title", _words, ("", "", "", ' type="html"')),
            _element("link", _links),
            _element("guid", _links, ("", ' isPermaLink="false"', ' isPermaLink="true"', ' isPermaLink="no"')),
            _element("description", _words),
            _element("content:encoded", _words),
            _element("pubDate", _dates),
            _element("author", _words),
            _element("category", _words, ("", ' domain="x"')),
            _element("source", _words, (' url="https://b.example/"', "")),
            _links.map(lambda link: f"<enclosure url={quoteattr(link)} type='image/jpeg' length='1'/>"),
            _common,
        ),
        max_size=6,
    ).map(lambda parts: f"<item>{''.join(parts)}</item>"),
    max_size=3,
).map("".join)
_channels = st.lists(
    st.one_of(
        _element("pubDate", _dates), _element("managingEditor", _words), _element("docs", _links),
        _links.map(lambda link: f'<atom:link rel="hub" href={quoteattr(link)}/>'),
        _links.map(lambda link: f'<atom:link rel="self" type="x" href={quoteattr(link)}/>'),
        _links.map(lambda link: f"<image><url>{escape(link)}</url><link>{escape(link)}</link></image>"),
        _element("generator", _words), _element("description", _words),
        _element("link", _links), _element("ttl", _words), _element("language", _words), _element("category", _words),
        _element("sy:updatePeriod", st.sampled_from(["hourly", "daily", "x"])), _element("copyright", _words),
    ),
    max_size=3,
).map("".join)  # fmt: skip
_atom_links = st.builds(
    lambda link, more: f"<link href={quoteattr(link)}{more}/>",
    _links,
    st.sampled_from(["", ' rel="self"', ' rel="alternate" type="text/html"', ' type="text/plain"', ' rel="Alternate"',
                     ' rel="enclosure" type="image/png"', ' rel="related" title="x"', ' hreflang="fr"']),
)  # fmt: skip
_types = ("", ' type="text"', ' type="html"', ' type="text/html"', ' type="HTML"')
_atom_entries = st.lists(
    st.lists(
        st.one_of(
            _element("title", _words, _types),
            _element("id", _links),
            _atom_links,
            _element("summary", _words, _types),
            _element("content", _words, _types),
            _element("published", _dates),
            _element("updated", _dates),
            _words.map(lambda name: f"<author><name>{escape(name)}</name><email>jo@a.example</email></author>"),
            _words.map(lambda term: f'<category term={quoteattr(term)} label="Sea"/>'),
            _words.map(lambda term: f"<category term={quoteattr(term)}/>"),
            _common,
        ),
        max_size=6,
    ).map(lambda parts: f"<entry>{''.join(parts)}</entry>"),
    max_size=3,
).map("".join)
_atom_feeds = st.lists(
    st.one_of(
        _atom_links, _element("id", _links), _element("subtitle", _words, _types), _element("updated", _dates),
        _element("generator", _words, ("", ' uri="/x"', ' version="1"')), _element("icon", _links),
        _element("rights", _words), _words.map(lambda name: f"<author><name>{escape(name)}</name></author>"),
        _element("title", _words, _types),
    ),
    max_size=4,
).map("".join)  # fmt: skip
_roots = st.sampled_from(["", 'xml:lang="en_GB"', 'xml:lang=""', 'lang="fr"'])


@settings(max_examples=400)
@given(
    document=st.builds(lambda i, c, r: rss(i, c, f'version="2.0" {r}'), _rss_items, _channels, _roots)
    | st.builds(atom, _atom_entries, _atom_feeds, _roots)
)
def test_any_feed_is_read_as_feedparser_reads_it(document: bytes) -> None:
    quick = quickly(document)
    if quick is not None:
        assert quick == carefully(document)
