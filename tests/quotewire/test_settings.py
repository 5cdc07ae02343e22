"""Settings: environment over file over defaults; a mistake is one line that names the setting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quotewire.ports import ConfigurationError
from quotewire.settings import load, sources, unknown_variables


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("QUOTEWIRE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file_and_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "quotewire.toml").write_text('batch = 5\nenrichers = 3\ndata = "here"\n')
    monkeypatch.setenv("QUOTEWIRE_BATCH", "7")

    settings = load()

    assert (settings.batch, settings.enrichers, settings.web_port) == (7, 3, 8765)
    assert settings.data == tmp_path / "here"
    assert sources(settings)["batch"] == "environment"
    assert sources(settings)["enrichers"].endswith("quotewire.toml")
    assert sources(settings)["web_port"] == "default"


def test_addresses_default_to_files_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUOTEWIRE_DATA", str(tmp_path / "d"))
    monkeypatch.setenv("QUOTEWIRE_INDEX", "memory://")
    settings = load()
    assert settings.stream_address == f"sqlite:///{tmp_path}/d/stream.db"
    assert settings.index_address == "memory://"


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTEWIRE_ALLOWED_NETWORKS", "127.0.0.0/8, ::1/128")
    monkeypatch.setenv("QUOTEWIRE_WEB_NAMES", "news.example.org,")
    assert [str(network) for network in load().allowed_networks] == ["127.0.0.0/8", "::1/128"]
    assert load().web_names == ("news.example.org",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUOTEWIRE_BATCH", "0"),
        ("QUOTEWIRE_BATCH", "many"),
        ("QUOTEWIRE_ALLOWED_NETWORKS", "127.0.0.1/8"),
        ("QUOTEWIRE_ALLOWED_NETWORKS", "home"),
        ("QUOTEWIRE_LOG_LEVEL", "loud"),
        ("QUOTEWIRE_WEB_PORT", "70000"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as refusal:
        load()
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", ["batch = ", "bacth = 5", "[section]\nbatch = 5", "\x00"])
def test_a_wrong_file_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str) -> None:
    (tmp_path / "own.toml").write_text(content)
    monkeypatch.setenv("QUOTEWIRE_CONFIG", str(tmp_path / "own.toml"))
    with pytest.raises(ConfigurationError) as refusal:
        load()
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTEWIRE_CONFIG", "/no/such/file.toml")
    with pytest.raises(ConfigurationError, match="no such file"):
        load()


def test_misspelt_variables_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTEWIRE_BACTH", "5")
    monkeypatch.setenv("QUOTEWIRE_BATCH", "5")
    assert unknown_variables() == ["QUOTEWIRE_BACTH"]
