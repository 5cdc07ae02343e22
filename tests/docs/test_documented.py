"""Every setting, command, option, topic and feed state is documented, and what the documents name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from typer.main import get_command

from quotewire.cli import app
from quotewire.metrics import PipelineMetrics
from quotewire.monitoring import Outside
from quotewire.settings import CONFIG_VARIABLE, Settings, variable
from quotewire.stages import SERVICES, STAGES
from quotewire.wiring import SystemClock
from schemas.topics import TOPICS

ROOT = Path(__file__).parents[2]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each command as it is called, with its options."""

    def walk(command: Any, name: str) -> Iterator[tuple[str, list[str]]]:
        inner = getattr(command, "commands", None)
        if inner:
            for word, sub in inner.items():
                yield from walk(sub, f"{name} {word}")
        else:
            options = [
                o for parameter in command.params for o in parameter.opts if o.startswith("--") and o != "--help"
            ]
            yield name, options

    return walk(get_command(app), "quotewire")


@pytest.mark.parametrize("name", [variable(name) for name in Settings.model_fields] + [CONFIG_VARIABLE])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS["settings.md"]


def test_no_setting_is_documented_that_is_none() -> None:
    known = {variable(name) for name in Settings.model_fields} | {CONFIG_VARIABLE, "QUOTEWIRE_REQUIRE_BROWSER"}
    for name, text in DOCS.items():
        assert set(re.findall(r"QUOTEWIRE_[A-Z_]*[A-Z]", text)) <= known, name


@pytest.mark.parametrize(
    ("command", "options"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_is_documented(command: str, options: list[str]) -> None:
    rows = [row for row in DOCS["commands.md"].splitlines() if re.match(rf"\| `{command}[` \[]", row)]
    assert len(rows) == 1, f"docs/commands.md needs one row for `{command}`"
    for option in options:
        assert f"`{option}`" in rows[0], f"{option} of `{command}`"


def metric_names() -> set[str]:
    registry = CollectorRegistry()
    PipelineMetrics(registry, SystemClock())
    families = [*registry.collect(), *Outside().collect()]
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in families}


def test_every_metric_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `(quotewire_\w+)` \|", DOCS["metrics.md"], re.MULTILINE))
    assert documented == metric_names()
    assert all("." in family.documentation for family in Outside().collect())


def test_rules_and_runbook_name_metrics_that_exist() -> None:
    for name, text in DOCS.items():
        for found in re.findall(r"quotewire_[a-z_]+_(?:total|seconds|records)|quotewire_(?:part|feeds|lag)\w*", text):
            assert found.removesuffix("_bucket") in metric_names(), f"{found} in {name}"


def commands_in(text: str) -> Iterator[list[str]]:
    """Every call of `quotewire` in a document's code, in words."""
    code = re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`(quotewire [^`]*)`", text)
    for block in code:
        for line in block.splitlines():
            for call in re.findall(r"\bquotewire [a-z][^|;&]*", line.partition("#")[0]):
                yield call.split()


@pytest.mark.parametrize("name", ["runbook.md", "operations.md", "audit.md", "metrics.md", "feeds.md"])
def test_every_command_that_an_operator_is_told_to_give_exists(name: str) -> None:
    known = {tuple(command.split()): options for command, options in commands()}
    groups = {command[:2] for command in known if len(command) == 3}
    told = list(commands_in(DOCS[name]))
    assert told, "there are commands in it"
    for words in told:
        command = tuple(words[:3]) if tuple(words[:2]) in groups and len(words) > 2 else tuple(words[:2])
        assert command in known or command in groups, " ".join(words)
        for word in words:
            if word.startswith("--"):
                assert word in known[command], " ".join(words)


def test_every_line_of_the_log_that_the_runbook_names_is_logged() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for room in ("quotewire", "producers") for path in (ROOT / room).rglob("*.py")
    )
    named = re.findall(r"\blogs?\s+`([^`]+)`", DOCS["runbook.md"])
    assert len(named) > 5
    for event in named:
        assert f'"{event}"' in sources, event


OF_SERVERS = {"rejected execution", "too many shards", "ConnectionError"}
"""What the servers and their clients say; the rest of what the runbook quotes is ours."""


def test_every_message_that_the_runbook_quotes_is_given() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "quotewire").rglob("*.py"))
    sources = re.sub(r"\"\s*\n\s*f?\"", "", sources)
    [table] = re.findall(r"## Servers\n(.*?)\n## ", DOCS["runbook.md"], re.DOTALL)
    quoted = [text for row in table.splitlines() for text in re.findall("“(.*?)”", row.split("|")[1])]
    assert len(quoted) > 10
    for text in quoted:
        for piece in re.split(r"…|\d+", text):
            words = piece.strip(" :")
            assert words in OF_SERVERS or words in sources, text


def test_every_command_says_what_it_does_and_gives_an_example() -> None:
    def leaves(command: Any) -> Iterator[Any]:
        inner = getattr(command, "commands", None)
        if inner:
            for sub in inner.values():
                yield from leaves(sub)
        else:
            yield command

    for command in leaves(get_command(app)):
        assert "Example" in (command.help or ""), command.name


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_every_topic_is_documented_as_it_is(topic: object) -> None:
    from schemas.topics import Topic

    assert isinstance(topic, Topic)
    [row] = [row for row in DOCS["topics.md"].splitlines() if row.startswith(f"| `{topic.name}` ")]
    assert topic.record.__name__ in row
    assert f"| {topic.partitions} |" in row
    assert f"{topic.retention.days} days" in row


@pytest.mark.parametrize("stage", [*STAGES, *SERVICES])
def test_every_stage_is_documented(stage: str) -> None:
    assert f"`{stage}`" in DOCS["commands.md"]


@pytest.mark.parametrize("name", sorted(DOCS))
def test_every_link_between_documents_leads_somewhere(name: str) -> None:
    folder = next(path.parent for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if path.name == name)
    for target in re.findall(r"\]\(([^)#]+)", DOCS[name]):
        if not target.startswith("http"):
            assert (folder / target).exists(), target
