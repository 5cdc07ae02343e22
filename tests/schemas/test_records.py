"""Records survive their encoding, old versions stay readable, and the published schemas are what the models say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Malformed, decode, encode
from schemas.generate import FOLDER, schema_files
from schemas.records import Alert, DeadLetter, EnrichedArticle, Entry, FeedReference, Mention, Page, RawArticle, Span
from schemas.topics import ALERTS, DEAD_LETTERS, ENRICHED, RAW, TOPICS, topic_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD_RECORDS = Path(__file__).parent / "old_records"
times = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)
texts = st.text(st.characters(exclude_categories=["Cs"]))


def raw(**fields: object) -> RawArticle:
    given = {"id": "a1", "revision": 7, "feed": FeedReference(url="https://example.org/feed"), "entry": Entry()}
    return RawArticle.model_validate(given | {"fetched": NOW} | fields)


@given(title=texts, body=st.binary(max_size=300), fetched=times)
def test_a_raw_article_comes_back_as_it_was(title: str, body: bytes, fetched: datetime) -> None:
    page = Page.from_body(url="https://example.org/a", status=200, content_type="text/html", fetched=NOW, body=body)
    record = raw(entry=Entry(title=title), page=page, fetched=fetched)

    back = decode(RAW, encode(record))

    assert back == record
    assert isinstance(back, RawArticle)
    assert back.page is not None
    assert back.page.raw_body() == body
    assert back.fetched.utcoffset() == timedelta(0)


@given(text=texts)
def test_an_enriched_article_comes_back_as_it_was(text: str) -> None:
    record = EnrichedArticle(id="a1", text=text, published=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5))))
    assert decode(ENRICHED, encode(record)) == record


@given(value=st.binary(max_size=200))
def test_a_dead_letter_holds_any_bytes(value: bytes) -> None:
    record = DeadLetter.model_construct(
        id="enrich:raw:0:1",
        stage="enrich",
        topic="raw",
        partition=0,
        offset=1,
        key="k",
        value=value,
        reason="r",
        buried=NOW,
    )
    back = decode(DEAD_LETTERS, encode(record))
    assert isinstance(back, DeadLetter)
    assert back.value == value


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "expected a JSON object"),
        (b"{}", "schema version None"),
        (b'{"schema_version": 99}', "schema version 99 cannot be read"),
        (b'{"schema_version": 1}', "problems"),
        (b'{"schema_version": "1"}', "schema version '1'"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(value: bytes, complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint) as refusal:
        decode(RAW, value)
    assert "\n" not in str(refusal.value)


@given(
    value=st.binary(max_size=50)
    | st.recursive(st.none() | st.integers() | texts, st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_other_bytes_are_refused_and_nothing_else_is_raised(value: bytes) -> None:
    for topic in TOPICS.values():
        with pytest.raises(Malformed):
            decode(topic, value)


def test_fields_that_a_newer_program_added_are_passed_over() -> None:
    fields = json.loads(encode(raw())) | {"mood": "grim"}
    assert decode(RAW, json.dumps(fields).encode()) == raw()


@pytest.mark.parametrize("path", sorted(OLD_RECORDS.glob("*.json")), ids=lambda path: path.name)
def test_records_written_by_every_earlier_version_can_be_read(path: Path) -> None:
    topic = TOPICS[path.name.split(".")[0]]
    record = decode(topic, path.read_bytes())
    assert record.schema_version == topic.record.model_fields["schema_version"].default
    assert topic.key(record)


def test_each_topic_and_version_has_an_old_record_to_test_with() -> None:
    kept = {path.name.removesuffix(".json") for path in OLD_RECORDS.glob("*.json")}
    assert kept >= {name.removesuffix(".schema.json") for name in schema_files()}


@pytest.mark.parametrize("name", sorted(schema_files()))
def test_the_published_schema_is_what_the_model_says(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == schema_files()[name], "run `make schemas`"


def test_what_is_written_is_valid_by_the_published_schema() -> None:
    alert = Alert(
        id="1",
        name="Ann Lee",
        story="a1",
        article="a1",
        raised=NOW,
        updated=NOW,
        rule="name",
        confidence=0.9,
        mention=Mention(start=0, end=3, text="Ann"),
        sentence=Mention(start=0, end=3, text="Ann"),
    )
    for record in (raw(), EnrichedArticle(id="a1", text="Ann."), alert):
        topic = topic_of(record)
        schema = json.loads((FOLDER / f"{topic.name}.v{record.schema_version}.schema.json").read_text(encoding="utf-8"))
        jsonschema.validate(json.loads(encode(record)), schema)


def test_a_span_that_ends_before_its_start_is_refused() -> None:
    with pytest.raises(ValueError, match="must end after its start"):
        Span(start=5, end=5)


def test_records_of_one_article_share_a_key() -> None:
    assert RAW.key(raw()) == ENRICHED.key(EnrichedArticle(id="a1", text="x"))
    assert topic_of(raw()) is RAW
    assert ALERTS.compacted
