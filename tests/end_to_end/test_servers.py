"""The whole way through a real Kafka and a real Elasticsearch, chosen by settings alone."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite, numbered
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.kafka_server import KafkaServer


def test_the_whole_way_through_the_servers(
    tmp_path: Path, kafka_server: KafkaServer, elasticsearch_server: ElasticsearchServer
) -> None:
    servers = {
        "QUOTEWIRE_STREAM": f"kafka://{kafka_server.address}/whole-way",
        "QUOTEWIRE_INDEX": elasticsearch_server.address,
        "QUOTEWIRE_ELASTICSEARCH_PREFIX": "whole-way",
    }
    with NewsSite([BRIDGE, *numbered(5)]) as site:
        installation = Installation(tmp_path, [site.feed], [{"name": "Ilse Brandt", "aliases": ["Brandt"]}], servers)
        first = installation.json("run", "--once", timeout=300)
        assert (first["new_articles"], first["new_alerts"], first["dead_letters"]) == (6, 3, 0)
        assert installation.json("search", "auditor repairs")["hits"][0]["title"] == BRIDGE.title
        said = installation.json("quotes", "--speaker", "Okafor")["hits"]
        assert {hit["quote"]["speaker"]["name"] for hit in said} == {"Tomas Okafor"}

        again = installation.json("run", "--once", timeout=300)
        assert (again["found"], again["new_articles"], again["new_quotes"], again["new_alerts"]) == (0, 0, 0, 0)
        assert installation.json("status")["lag"] == {"enrich": 0, "alerts": 0, "notify": 0, "index": 0}
