"""How the settings say servers are to be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotewire.settings import Settings

if TYPE_CHECKING:
    from pydantic import SecretStr

    from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions
    from quotewire.adapters.kafka_connection import KafkaOptions


def kafka_options(settings: Settings) -> KafkaOptions:
    """How Kafka is reached."""
    from quotewire.adapters.kafka_connection import KafkaOptions

    return KafkaOptions(
        user=settings.kafka_user,
        password=_revealed(settings.kafka_password),
        mechanism=settings.kafka_mechanism,
        tls=settings.kafka_tls,
        ca_file=settings.kafka_ca_file,
        replication=settings.kafka_replication,
    )


def elasticsearch_options(settings: Settings) -> ElasticsearchOptions:
    """How Elasticsearch is reached."""
    from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions

    return ElasticsearchOptions(
        api_key=_revealed(settings.elasticsearch_api_key),
        user=settings.elasticsearch_user,
        password=_revealed(settings.elasticsearch_password),
        ca_file=settings.elasticsearch_ca_file,
        prefix=settings.elasticsearch_prefix,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
