"""What only the index in SQLite has: a file that others use too, and that can be in the way."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quotewire.adapters.sqlite_index import SqliteIndex
from quotewire.ports import ArticleQuery, ConfigurationError, QuoteQuery, Unavailable
from tests.contracts.index_samples import make_article, make_quote


def open_index(path: Path, busy_timeout: float = 0.1) -> SqliteIndex:
    index = SqliteIndex(path, busy_timeout=busy_timeout)
    index.setup()
    return index


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    first = open_index(tmp_path / "deep" / "index.db")
    first.put_articles([make_article()])
    first.close()
    second = open_index(tmp_path / "deep" / "index.db")
    assert second.search(ArticleQuery(words="harbour")).total == 1
    second.close()


def test_a_reader_sees_what_another_wrote_while_it_was_open(tmp_path: Path) -> None:
    writer, reader = open_index(tmp_path / "index.db"), open_index(tmp_path / "index.db")
    assert reader.search(ArticleQuery()).total == 0
    writer.put_articles([make_article()])
    assert reader.search(ArticleQuery(words="harbour")).total == 1
    writer.close()
    reader.close()


def test_a_file_that_another_program_holds_is_unavailable_for_writing_only(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    index = open_index(path)
    index.put_articles([make_article()])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match=r"index\.db.*locked"):
        index.put_articles([make_article("a2")])
    assert index.search(ArticleQuery()).total == 1
    holder.execute("ROLLBACK")
    assert index.put_articles([make_article("a2")])[0].status == "stored"
    holder.close()
    index.close()


def fill_until_refused(path: Path) -> str:
    """Runs in a process of its own, whose files may not grow beyond 1 MB."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    index = SqliteIndex(path)
    try:
        for number in range(10_000):
            index.put_articles([make_article(f"a{number}")])
    except Unavailable as refusal:
        return str(refusal)
    return "never refused"


def test_a_full_disk_is_unavailable_and_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    open_index(path).close()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        reason = pool.apply(fill_until_refused, (path,))
    assert "index.db" in reason
    index = open_index(path)
    counts = index.counts()
    assert counts["articles"] > 0
    assert index.search(ArticleQuery(words="harbour")).total == counts["articles"]
    index.close()


def test_a_file_that_is_no_database_is_the_users_mistake(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_text("Dear diary, " * 500)
    with pytest.raises(ConfigurationError, match=r"index\.db"):
        open_index(path)


def test_a_record_of_a_newer_program_is_named_as_such(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.db")
    index.put_articles([make_article()])
    other = sqlite3.connect(tmp_path / "index.db")
    other.execute(
        """UPDATE article_records SET record = replace(record, '"schema_version":1', '"schema_version":99')"""
    )
    other.commit()
    other.close()
    with pytest.raises(ConfigurationError, match="version 99"):
        index.article("a1")
    index.close()


def test_one_index_serves_many_threads(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.db")

    def use(number: int) -> int:
        index.put_articles([make_article(f"a{number}", quotes=(make_quote("Here it is", "Ada Lindqvist"),))])
        assert index.article(f"a{number}") is not None
        assert index.quotes(QuoteQuery(article=f"a{number}")).total == 1
        return index.search(ArticleQuery(words="harbour")).total

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(use, range(40))) == 40
    index.close()
