"""The words of a piece of HTML: what they are, and that no text takes long."""

from __future__ import annotations

import time

import pytest

from producers.documents import plain
from producers.parse import parse
from tests.producers.feeds import item, rss

URL = "https://ashmere.example/feed"


@pytest.mark.parametrize("filler", ["", "word " * 1_000])
@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<b>Flood</b> wall &amp; <i class='x'>harbour</i>", "Flood wall & harbour"),
        ("Flood<br/>wall", "Floodwall"),
        ("<p>Flood\n wall</p>", "Flood wall"),
        ("Flood &lt;wall&gt; <b>vote</b>", "Flood <wall> vote"),
    ],
)
def test_the_words_are_the_same_in_a_long_text(markup: str, words: str, filler: str) -> None:
    assert plain(f"{filler}{markup}") == f"{filler}{words}"


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "<a '", "<a b='\"", "&#", "<![CDATA[", "<?", "</", "<!"])
def test_a_hostile_text_takes_no_longer_than_another(piece: str) -> None:
    started = time.process_time()
    plain((piece * 1_000_000)[:1_000_000])
    # In quadratic time it would be minutes.
    assert time.process_time() - started < 5


@pytest.mark.parametrize("title", ["&#" + "9" * 5_000 + ";", "<b>&#" + "9" * 1_900 + ";</b>", "<b>&#" + "9" * 9_000])
def test_a_reference_without_end_costs_no_entry(title: str) -> None:
    feed = parse(rss([item(1, title=title), item(2)]), url=URL)
    assert [entry.link for entry in feed.entries] == [f"https://ashmere.example/{number}/report" for number in (1, 2)]
