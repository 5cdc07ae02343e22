"""What Elasticsearch does to us in production, and what edits do to it: nothing is lost, and nothing stale stays."""

from __future__ import annotations

import contextlib
import itertools
import ssl
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from elastic_transport import ConnectionError as NoAnswer

from quotewire.adapters import elasticsearch_setup
from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions
from quotewire.adapters.elasticsearch_index import ElasticsearchIndex
from quotewire.adapters.elasticsearch_setup import period_of
from quotewire.ports import ArticleQuery, ConfigurationError, Unavailable
from schemas.records import EnrichedArticle
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.flaky_proxy import FlakyProxy
from tests.real_stack.indexing import APRIL, MARCH, Parts, article
from tests.real_stack.server import free_ports

# --- edits ----------------------------------------------------------------------------------------------------------


def test_an_edit_that_moves_an_article_to_another_month_leaves_nothing_behind(parts: Parts) -> None:
    assert parts.statuses(article(quotes=3)) == ["stored"]
    assert parts.statuses(article(revision=2, published=APRIL, quotes=1)) == ["stored"]
    assert [period for period, _ in parts.documents("articles")] == ["2026.04"]
    assert [period for period, _ in parts.documents("quotes")] == ["2026.04"]
    assert parts.statuses(article(revision=1, quotes=3)) == ["older"]
    assert parts.statuses(article(revision=2, published=APRIL, quotes=1)) == ["unchanged"]
    assert parts.said() == ["Said 0 in 2"]
    stored = parts.index.article("a1")
    assert stored is not None
    assert stored.revision == 2


def test_fewer_quotes_after_an_edit(parts: Parts) -> None:
    parts.statuses(article(quotes=5))
    parts.statuses(article(revision=2, quotes=2))
    assert parts.said() == ["Said 0 in 2", "Said 1 in 2"]


@pytest.mark.parametrize("revisions", list(itertools.permutations([(1, MARCH, 3), (2, APRIL, 1), (3, MARCH, 2)])))
def test_in_whatever_order_revisions_come_the_newest_stays_alone(
    parts: Parts, revisions: tuple[tuple[int, datetime, int], ...]
) -> None:
    for revision, published, quotes in revisions:
        parts.statuses(article(revision=revision, published=published, quotes=quotes))
    assert [(period, source["revision"]) for period, source in parts.documents("articles")] == [("2026.03", 3)]
    assert parts.said() == ["Said 0 in 3", "Said 1 in 3"]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_death_between_the_steps_of_a_write_is_mended_when_the_article_comes_again(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    parts.statuses(article(quotes=4))
    client, calls = parts.index._client, []
    bulk = client.bulk

    def die(**request: Any) -> Any:
        calls.append(1)
        if len(calls) == step:
            raise NoAnswer("the process died here")
        return bulk(**request)

    edited = article(revision=2, published=APRIL, quotes=2)
    with monkeypatch.context() as patch:
        patch.setattr(client, "bulk", die)
        with pytest.raises(Unavailable):
            parts.index.put_articles([edited])
    assert parts.statuses(edited) == ["stored"]
    assert [(period, source["revision"]) for period, source in parts.documents("articles")] == [("2026.04", 2)]
    assert parts.said() == ["Said 0 in 2", "Said 1 in 2"]


def test_two_writers_of_one_article_leave_the_newest_alone(
    parts: Parts, elasticsearch_server: ElasticsearchServer
) -> None:
    revisions = [article(revision=n, published=APRIL if n % 2 else MARCH, quotes=n % 4) for n in range(1, 25)]

    def write(own: list[EnrichedArticle]) -> None:
        options = ElasticsearchOptions(prefix=parts.prefix)
        with contextlib.closing(ElasticsearchIndex(parts.server.address, options)) as index:
            for each in own:
                index.put_articles([each])

    threads = [threading.Thread(target=write, args=(revisions[n::2],)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(period, source["revision"]) for period, source in parts.documents("articles")] == [("2026.03", 24)]
    assert parts.said() == []


def test_what_another_writer_stores_meanwhile_goes_if_it_is_older(
    parts: Parts, elasticsearch_server: ElasticsearchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question where an article is and the answer that it is stored: in another month, with more quotes."""
    parts.statuses(article())
    client, others = parts.index._client, [article(revision=2, published=APRIL, quotes=3)]
    bulk = client.bulk

    def after_another(**request: Any) -> Any:
        if others:
            options = ElasticsearchOptions(prefix=parts.prefix)
            with contextlib.closing(ElasticsearchIndex(elasticsearch_server.address, options)) as index:
                assert [outcome.status for outcome in index.put_articles([others.pop()])] == ["stored"]
        return bulk(**request)

    monkeypatch.setattr(client, "bulk", after_another)
    assert parts.statuses(article(revision=3, quotes=1)) == ["stored"]
    assert [(period, source["revision"]) for period, source in parts.documents("articles")] == [("2026.03", 3)]
    assert parts.said() == ["Said 0 in 3"]
    assert parts.index.stored(["a1"])["a1"].problem == ""


@pytest.mark.parametrize(
    ("dated", "period"),
    [
        ("2026-11-05", "2026.11"),
        ("2026-12-05", "2026.12"),
        ("2027-01-05", "rest"),
        ("2024-12-05", "2024.12"),
        ("2024-11-05", "2024"),
        ("1990-01-01", "1990"),
        ("1970-01-01", "rest"),
        ("9999-12-31", "rest"),
    ],
)
def test_where_an_article_of_a_date_is_kept(dated: str, period: str) -> None:
    assert period_of(datetime.fromisoformat(f"{dated}T12:00+00:00"), datetime(2026, 11, 22, tzinfo=UTC)) == period


# --- servers that cannot --------------------------------------------------------------------------------------------


def test_elasticsearch_is_away_for_a_while(parts: Parts) -> None:
    parts.statuses(article("before"))
    parts.server.stop()
    calls: list[Callable[[], object]] = [
        lambda: parts.index.put_articles([article("during")]),
        lambda: parts.index.search(ArticleQuery()),
        lambda: parts.index.article("before"),
        lambda: parts.index.counts(),
        lambda: parts.index.setup(),
    ]
    try:
        for call in calls:
            with pytest.raises(Unavailable, match=str(parts.server.port)):
                call()
    finally:
        parts.server.start()
    assert parts.statuses(article("before"), article("during")) == ["unchanged", "stored"]
    assert len(parts.documents("articles")) == 2


def test_a_full_disk_is_no_fault_of_the_articles(parts: Parts) -> None:
    """The block is what the server sets at the flood stage; that it does is tested with the whole pipeline."""
    block = "index.blocks.read_only_allow_delete"
    parts.statuses(article())
    parts.client.indices.put_settings(index=f"{parts.prefix}-*", settings={block: True})
    (refused,) = parts.index.put_articles([article(revision=2)])
    assert refused.status == "unavailable"
    assert "cluster_block_exception" in refused.reason
    parts.client.indices.put_settings(index=f"{parts.prefix}-*", settings={block: None})
    assert parts.statuses(article(revision=2)) == ["stored"]
    assert len(parts.documents("articles")) == 1
    assert len(parts.said()) == 2


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.5)


def test_a_server_with_too_much_to_do(parts: Parts) -> None:
    limit = "network.breaker.inflight_requests.limit"
    many = [article(uuid.uuid4().hex) for _ in range(300)]
    parts.client.cluster.put_settings(persistent={limit: "2kb"})
    try:
        with pytest.raises(Unavailable, match="429"):
            parts.index.put_articles(many)
    finally:
        parts.client.cluster.put_settings(persistent={limit: None})
    assert set(parts.statuses(*many)) == {"stored"}


def test_one_document_that_the_mapping_refuses_leaves_the_others_alone(parts: Parts) -> None:
    name = f"{parts.prefix}-articles"
    parts.client.indices.delete_index_template(name=name)
    parts.client.indices.create(
        index=f"{name}-2026.04", mappings={"dynamic": "strict", "properties": {"id": {"type": "keyword"}}}
    )
    outcomes = parts.index.put_articles([article("a"), article("wrong", published=APRIL), article("b")])
    assert [outcome.status for outcome in outcomes] == ["stored", "rejected", "stored"]
    assert "strict_dynamic_mapping_exception" in outcomes[1].reason
    assert {source["article"] for _, source in parts.documents("quotes")} == {"a", "b"}


def test_names_longer_than_a_keyword_may_be_are_taken(parts: Parts) -> None:
    long = "ü" * 40_000
    assert parts.statuses(article().model_copy(update={"url": long, "title": long, "tags": (long,)})) == ["stored"]
    stored = parts.index.article("a1")
    assert stored is not None
    assert stored.url == long


def test_setup_adds_fields_that_are_new_to_indices_that_are_there(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = elasticsearch_setup.mapping

    def with_a_mood(kind: str) -> dict[str, Any]:
        wanted = mapping(kind)
        return wanted | {"properties": wanted["properties"] | {"mood": {"type": "keyword"}}}

    monkeypatch.setattr(elasticsearch_setup, "mapping", with_a_mood)
    assert {done.done for done in parts.index.setup() if "template" in done.what} == {"changed"}
    found = parts.client.indices.get_mapping(index=f"{parts.prefix}-articles").body
    assert {each["mappings"]["dynamic"] for each in found.values()} == {"strict"}
    assert all("mood" in each["mappings"]["properties"] for each in found.values())
    assert {done.done for done in parts.index.setup()} == {"unchanged"}


# --- refusals of a request ------------------------------------------------------------------------------------------


class _Refusing(BaseHTTPRequestHandler):
    """Answers every request in the way of Elasticsearch's security layer, a proxy, or something else altogether."""

    status = 500
    kind = ""
    product = True

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f'{{"error": {{"type": "{self.kind}", "reason": "no"}}, "status": {self.status}}}'.encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.product:
            self.send_header("X-Elastic-Product", "Elasticsearch")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = _answer  # noqa: N815 - the library's names

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "kind", "product", "refusal", "words"),
    [
        (401, "security_exception", True, ConfigurationError, "password"),
        (403, "security_exception", True, ConfigurationError, "does not allow"),
        (403, "cluster_block_exception", True, Unavailable, "cluster_block_exception"),
        (404, "index_not_found_exception", True, ConfigurationError, "not set up"),
        (400, "parsing_exception", True, ConfigurationError, "parsing_exception"),
        (429, "es_rejected_execution_exception", True, Unavailable, "429"),
        (502, "", True, Unavailable, "502"),
        (503, "unavailable_shards_exception", True, Unavailable, "503"),
        (200, "", False, ConfigurationError, "no Elasticsearch"),
    ],
)
def test_what_a_refusal_means(status: int, kind: str, product: bool, refusal: type[Exception], words: str) -> None:
    handler = type("Handler", (_Refusing,), {"status": status, "kind": kind, "product": product})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = ElasticsearchOptions(user="quotewire", password="s3cret")
        index = ElasticsearchIndex(f"http://127.0.0.1:{server.server_port}", options)
        with contextlib.closing(index), pytest.raises(refusal, match=words) as refused:
            index.counts()
        assert "s3cret" not in str(refused.value)
        server.shutdown()


@pytest.fixture
def behind_tls(elasticsearch_server: ElasticsearchServer, tmp_path: Path) -> Iterator[FlakyProxy]:
    """The server behind a proxy that speaks TLS; its authority's certificate is authority.pem."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with contextlib.closing(FlakyProxy(elasticsearch_server.port, context)) as proxy:
        yield proxy


@pytest.mark.parametrize(
    ("login", "sent"),
    [
        (ElasticsearchOptions(api_key="VnVhQ2ZHY0JDZGJrU"), "ApiKey VnVhQ2ZHY0JDZGJrU"),
        (
            ElasticsearchOptions(user="quotewire", password="s3cret"),
            f"Basic {b64encode(b'quotewire:s3cret').decode()}",
        ),
    ],
)
def test_https_with_a_ca_file_and_a_login(
    behind_tls: FlakyProxy, tmp_path: Path, login: ElasticsearchOptions, sent: str
) -> None:
    options = replace(login, prefix=f"test-{uuid.uuid4().hex[:12]}", ca_file=tmp_path / "authority.pem")
    with contextlib.closing(ElasticsearchIndex(behind_tls.address, options)) as index:
        index.setup()
        assert [outcome.status for outcome in index.put_articles([article()])] == ["stored"]
        assert index.stored(["a1"])["a1"].revision == 1
    assert behind_tls.logins == {sent}


def test_a_certificate_of_someone_else(behind_tls: FlakyProxy, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    options = ElasticsearchOptions(api_key="VnVhQ2ZHY0JDZGJrU", ca_file=tmp_path / "other.pem")
    index = ElasticsearchIndex(behind_tls.address, options)
    with contextlib.closing(index), pytest.raises(ConfigurationError, match="TLS failed"):
        index.counts()
    assert behind_tls.logins == set(), "no key is sent to who knows whom"


def test_nobody_answers() -> None:
    (port,) = free_ports(1)
    index = ElasticsearchIndex(f"http://127.0.0.1:{port}")
    with contextlib.closing(index), pytest.raises(Unavailable, match=str(port)):
        index.setup()


@pytest.mark.parametrize("address", ["https://", "ftp://host", "https://u:s3cret@host", "https://host:x", "host:9200"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ConfigurationError, match="https://HOST:PORT") as refused:
        ElasticsearchIndex(address)
    assert "s3cret" not in str(refused.value)


def test_options_that_cannot_work(tmp_path: Path) -> None:
    for options in (
        ElasticsearchOptions(ca_file=tmp_path / "missing.pem"),
        ElasticsearchOptions(prefix="No Good"),
        ElasticsearchOptions(api_key="a", user="b"),
    ):
        with pytest.raises(ConfigurationError):
            ElasticsearchIndex("https://host", options)
