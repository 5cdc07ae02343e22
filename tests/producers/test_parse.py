"""Feed documents of every kind and none: what is read, what is said of the rest."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from producers.documents import FeedHints, ParsedFeed
from producers.parse import MAX_BYTES, parse
from tests.producers.feeds import item, rss

URL = "https://ashmere.example/feeds/main.xml"

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB" xml:base="https://ashmere.example/news/">
  <title>The Ashmere Courier</title><link href="https://ashmere.example/"/><id>urn:feed</id>
  <entry>
    <id>urn:one</id><title type="html">Mayor &lt;b&gt;“resigns”&lt;/b&gt; &amp;amp; leaves</title>
    <link rel="enclosure" type="image/jpeg" href="/one.jpg"/><link rel="alternate" href="one"/>
    <summary type="html">&lt;p&gt;She said so.&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>She said so <a href="two">again</a>.</p></div>
    </content>
    <author><name>Ada Penrose</name></author><author><name>Ben Holt</name></author>
    <published>2026-03-04T05:06:07+02:00</published><updated>2026-03-04T06:00:00Z</updated>
    <category term="politics"/><category term="x1" label="City hall"/>
  </entry>
</feed>""".encode()


def of(body: bytes, content_type: str | None = "application/xml") -> ParsedFeed:
    return parse(body, url=URL, content_type=content_type)


def test_an_atom_entry_is_read_whole() -> None:
    feed = of(ATOM)
    assert (feed.title, feed.problem, feed.is_feed, feed.format) == ("The Ashmere Courier", None, True, "atom10")
    (entry,) = feed.entries
    assert (entry.guid, entry.link) == ("urn:one", "https://ashmere.example/news/one")
    assert entry.title == "Mayor “resigns” & leaves"
    # As it came: whoever shows it sanitises it then.
    assert "<script>" in entry.summary
    assert '<a href="two">' in entry.content
    assert entry.authors == ("Ada Penrose", "Ben Holt")
    assert entry.published == datetime(2026, 3, 4, 3, 6, 7, tzinfo=UTC)
    assert entry.updated == datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
    assert entry.language == "en-GB"
    assert entry.image == "https://ashmere.example/one.jpg"
    assert entry.tags == ("politics", "City hall")


def test_entries_keep_the_order_of_the_document() -> None:
    feed = of(rss(item(number) for number in (5, 3, 9, 1)))
    assert [entry.title.split()[1] for entry in feed.entries] == ["5", "3", "9", "1"]


def test_an_item_with_nothing_but_a_description_is_an_entry() -> None:
    feed = of(rss([item(1, title=None, link=None, guid=None), item(2, link=None, description=None)]))
    assert [(entry.guid, entry.link) for entry in feed.entries] == [
        (None, None),
        ("tag:ashmere.example,2026:report-2", None),
    ]


def test_a_guid_is_a_link_only_where_it_is_an_address() -> None:
    guids = ("https://ashmere.example/7", "12345", "tag:x,2026:1")
    items = "".join(f"<item><title>x</title><guid>{guid}</guid></item>" for guid in guids)
    feed = of(f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    assert [entry.link for entry in feed.entries] == ["https://ashmere.example/7", None, None]
    assert [entry.guid for entry in feed.entries] == list(guids)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "mailto:a@b.example", "file:///etc/passwd", "http://"])
def test_a_link_that_is_no_page_is_none(link: str) -> None:
    (entry,) = of(rss([item(1, link=link)])).entries
    assert entry.link is None


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("AT&amp;T &lt;b&gt;fined&lt;/b&gt;", "AT&T fined"),
        ("5 &lt; 6, says &lt;i&gt;teacher&lt;/i&gt;", "5 < 6, says teacher"),
        ("  Two\n  lines ", "Two lines"),
        ("<![CDATA[Mayor &#8220;out&#8221;]]>", "Mayor “out”"),
        ("🎈 عنوان", "🎈 عنوان"),
    ],
)
def test_a_title_is_plain_text(title: str, words: str) -> None:
    (entry,) = of(f"<rss version='2.0'><channel><item><title>{title}</title></item></channel></rss>".encode()).entries
    assert entry.title == words


@pytest.mark.parametrize(
    "date", ["Wed, 04 Mar 2026 05:06:07 GMT", "2026-03-04T05:06:07Z", "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_dates_are_read(date: str) -> None:
    (entry,) = of(rss([item(1, date=date)])).entries
    assert entry.published is not None
    assert entry.published.year in (1970, 2026)


@pytest.mark.parametrize(
    "date", ["yesterday", "", "99 Foo 99999", "0000-00-00T00:00:00Z", "Wed, 99 Mar 9999999 05:06 GMT"]
)
def test_a_date_that_is_none_costs_only_the_date(date: str) -> None:
    (entry,) = of(rss([item(1, date=date)])).entries
    assert entry.title == "Report 1 from the harbour"
    assert entry.published is None


def test_hints_are_read() -> None:
    extra = (
        "<ttl>90</ttl><skipHours><hour>0</hour><hour>24</hour><hour>7</hour></skipHours>"
        "<skipDays><day>Sunday</day><day>Monday</day></skipDays>"
    )
    hints = of(rss([], extra=extra)).hints
    assert (hints.ttl, hints.skip_hours, hints.skip_days) == (5_400, (0, 7), (0, 6))
    syndication = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>x</title>'
        "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency></channel></rdf:RDF>"
    )
    assert of(syndication.encode()).hints.update_interval == 21_600


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("<sy:updateFrequency>12</sy:updateFrequency>", 7_200),
        ("<sy:updatePeriod></sy:updatePeriod><sy:updateFrequency>12</sy:updateFrequency>", 7_200),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 3_600),
        ("<sy:updatePeriod>fortnightly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", None),
        ("<sy:updateFrequency>often</sy:updateFrequency>", None),
    ],
)
@pytest.mark.parametrize("plain", [True, False])
def test_how_often_a_feed_is_updated_is_by_the_day_where_it_names_no_period(
    said: str, seconds: float | None, plain: bool
) -> None:
    document = rss([item(1)], extra=said).replace(
        b"<rss", b'<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    # A document type is for feedparser to read.
    document = document if plain else document.replace(b"<rss", b"<!DOCTYPE rss><rss")
    assert of(document).hints.update_interval == seconds


@pytest.mark.parametrize("ttl", ["-5", "0", "soon", "1e400", "nan"])
def test_a_senseless_hint_is_none(ttl: str) -> None:
    assert of(rss([], extra=f"<ttl>{ttl}</ttl>")).hints.ttl is None


# --- encodings ------------------------------------------------------------------------------------------------------

STORY = (
    "<?xml version='1.0'{}?><rss version='2.0'><channel><title>Zeitung</title><ttl>90</ttl>"
    "<skipHours><hour>7</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    "<item><title>{}</title></item></channel></rss>"
)


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("utf-8", "Größe “naïve” 東京"),
        ("utf-8-sig", "Größe 東京"),
        ("utf-16", "Größe 東京"),
        ("utf-16-le", "Größe"),
        ("utf-32", "Größe 東京"),
        ("iso-8859-1", "Größe"),
        ("windows-1252", "“Größe”"),
        ("windows-1251", "Новости дня"),
        ("koi8-r", "Новости дня"),
        ("shift_jis", "東京の夜"),
        ("euc-jp", "東京の夜"),
        ("gb2312", "北京新闻"),
        ("big5", "台北新聞"),
        ("euc-kr", "서울 뉴스"),
    ],
)
@pytest.mark.parametrize("told", ["document", "header"])
def test_encodings_are_read(encoding: str, title: str, told: str) -> None:
    declared = encoding.removesuffix("-sig").removesuffix("-le")
    document = STORY.format(f" encoding='{declared}'" if told == "document" else "", title).encode(encoding)
    kind = "application/xml" if told == "document" else f"application/xml; charset={encoding.removesuffix('-sig')}"
    feed = of(document, kind)
    (entry,) = feed.entries
    assert entry.title == title
    assert feed.hints == FeedHints(ttl=5_400, skip_hours=(7,), skip_days=(6,))


def test_a_wrong_encoding_costs_a_letter_and_not_the_feed() -> None:
    document = STORY.format(" encoding='utf-8'", "Gr\u00f6\u00dfe und mehr").encode("iso-8859-1")
    feed = of(document)
    (entry,) = feed.entries
    assert entry.title.endswith("e und mehr")
    assert feed.hints.skip_hours == (7,)


# --- what is broken, and what is none -------------------------------------------------------------------------------


def test_a_feed_that_is_cut_off_keeps_its_whole_entries() -> None:
    document = rss(item(number) for number in range(10))
    feed = of(document[: len(document) * 2 // 3])
    assert len(feed.entries) >= 6
    assert feed.problem is not None
    assert feed.problem.startswith("not well-formed")
    assert f"{len(feed.entries)} entries could be read" in feed.problem


def test_an_unescaped_ampersand_costs_nothing() -> None:
    document = rss([item(1), item(2)]).replace(b"from the", b"from A&B & the")
    feed = of(document)
    assert [entry.title.partition(" from ")[0] for entry in feed.entries] == ["Report 1", "Report 2"]
    assert all("the harbour" in entry.title for entry in feed.entries)
    assert feed.problem


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"", None, "empty answer"),
        (b" \r\n\xef\xbb\xbf \n", "text/xml", "empty answer"),
        (
            b"<!DOCTYPE html><html><head><title>Before you continue</title></head></html>",
            "text/html",
            "Before you continue",
        ),
        (b"<HTML><BODY>Sign in</BODY></HTML>", "application/rss+xml", "HTML page"),
        (b"Just a moment...", "text/plain; charset=utf-8", "sent as text/plain"),
        (b"%PDF-1.7 \x00\x01\x02\xff", "application/pdf", "application/pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><path/></svg>", "image/svg+xml", "<svg>"),
        (b'{"error": "not allowed"}', "application/json", "JSON"),
        (b"[1, 2", "application/json", "JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "image/png", "image/png"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, content_type: str | None, words: str) -> None:
    feed = of(body, content_type)
    assert not feed.is_feed
    assert feed.entries == ()
    assert words in (feed.problem or "")


def test_a_feed_without_entries_is_a_feed_without_a_problem() -> None:
    feed = of(rss([]))
    assert (feed.is_feed, feed.entries, feed.problem) == (True, (), None)


def test_a_content_type_that_is_wrong_is_no_problem() -> None:
    for kind in ("text/html", "text/plain", "application/octet-stream", "", None, "nonsense;;=;"):
        feed = of(rss([item(1)]), kind)
        assert (len(feed.entries), feed.problem) == (1, None)


def test_a_document_that_is_too_long_is_refused_at_once() -> None:
    started = time.monotonic()
    feed = of(b"<rss>" + b" " * MAX_BYTES + b"</rss>")
    assert "longer than" in (feed.problem or "")
    assert time.monotonic() - started < 1


def test_an_entity_bomb_does_not_explode() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{levels}]><rss version="2.0"><channel>'
        "<item><title>&l9;</title></item></channel></rss>"
    )
    started = time.monotonic()
    feed = of(document.encode())
    assert len(feed.model_dump_json()) < 10_000
    assert time.monotonic() - started < 2


def test_an_entity_for_a_letter_is_kept() -> None:
    document = (
        "<?xml version='1.0'?>\n<!DOCTYPE rss [\n<!ENTITY eacute '&#233;'>\n]>\n<rss version='2.0'><channel>"
        "<item><title>Caf&eacute;</title></item></channel></rss>"
    )
    (entry,) = of(document.encode()).entries
    assert entry.title == "Café"


def test_an_external_entity_is_not_read() -> None:
    document = (
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel>'
        "<item><title>&x;</title><description>kept</description></item></channel></rss>"
    )
    (entry,) = of(document.encode()).entries
    assert entry.title in ("", "&x;")


ENDLESS = "https://ashmere.example/" + "a" * 5_000
LONG_GUID = "tag:ashmere.example," + "g" * 5_000
OVERLONG = {
    "plain RSS": rss(
        [replace(item(1), link=ENDLESS, guid=LONG_GUID)],
        title="T" * 9_000,
        extra=f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{ENDLESS}"/>',
    ).replace(b"<rss", b'<rss xml:lang="en-' + b"x" * 5_000 + b'"', 1),
    "broken RSS": rss([replace(item(1), link=ENDLESS, guid=LONG_GUID)], title="T" * 9_000, extra="<link>x</x>"),
    "JSON": json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "T" * 9_000,
            "home_page_url": ENDLESS,
            "feed_url": ENDLESS,
            "hubs": [{"type": "WebSub", "url": f"https://hub.example/{number}"} for number in range(900)],
            "language": "x" * 5_000,
            "authors": [{"name": f"{number}{'n' * 900}"} for number in range(900)],
            "items": [{"id": LONG_GUID, "url": ENDLESS, "title": "A", "tags": [f"{n}{'t' * 900}" for n in range(900)]}],
        }
    ).encode(),
}


@pytest.mark.parametrize("name", OVERLONG)
def test_what_is_kept_of_a_feed_is_never_long(name: str) -> None:
    feed = of(OVERLONG[name], None)
    (entry,) = feed.entries
    assert entry.link is None
    assert entry.guid == hashlib.sha256(LONG_GUID.encode()).hexdigest()
    assert (feed.title, entry.language) == ("T" * 500, None)
    assert len(feed.model_dump_json()) < 60_000
    assert all(len(address or "") <= 4_096 for address in (feed.site, feed.self_url, entry.image))


def test_an_address_of_the_longest_length_is_kept() -> None:
    longest = ENDLESS[:4_096]
    assert [entry.link for entry in of(rss([item(1, link=longest), item(2, link=longest + "a")])).entries] == [
        longest,
        None,
    ]
