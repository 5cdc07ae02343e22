"""What docker-compose.yml, the Dockerfile and .env.example say agrees with the settings and the upstream images.

That it really comes up is shown by `make test-compose`.
"""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from quotewire.cli.setup import PARTS
from quotewire.settings import Settings, variable
from quotewire.stages import SERVICES, STAGES
from quotewire.supervisor import STOP_PATIENCE
from tests.compose.images import STANDINS
from tests.real_stack.jars import ELASTICSEARCH, KAFKA

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
TEXT = FILE.read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
ALL: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in ALL.items() if service["image"].startswith("quotewire:")}
ONE_SHOT = {name for name, service in OURS.items() if service["command"][0] == "setup"}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
BIN = Path(sys.executable).parent

every_service = pytest.mark.parametrize("name", sorted(ALL))
each_of_ours = pytest.mark.parametrize("name", sorted(OURS))


def seconds(duration: str) -> float:
    [(number, unit)] = re.findall(r"^(\d+)(s|m)$", duration)
    return int(number) * {"s": 1, "m": 60}[unit]


class TestForm:
    def test_it_is_as_the_compose_specification_says(self) -> None:
        checker = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(FILE)]
        result = subprocess.run(checker, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout

    def test_the_dockerfiles_pass_hadolint(self) -> None:
        files = [ROOT / "Dockerfile", *STANDINS.glob("*/Dockerfile")]
        # The base of the stand-ins is made by the test that builds them, which sees to its version.
        checker = [str(BIN / "hadolint"), "--ignore", "DL3006"]
        result = subprocess.run([*checker, *map(str, files)], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")

    def test_nothing_is_used_that_docker_compose_1_does_not_know(self) -> None:
        assert not {"name", "include", "version"} & set(COMPOSE)
        assert "start_interval" not in TEXT
        assert not any(key in service for service in ALL.values() for key in ("deploy", "develop", "attach"))
        for service in ALL.values():
            assert all(set(need) == {"condition"} for need in service.get("depends_on", {}).values())


class TestEnvironment:
    @each_of_ours
    def test_each_variable_of_ours_is_a_setting(self, name: str) -> None:
        for_sinks = {"SINK_URL", "SINK_SECRET"} if name == "notifier" else set()
        assert set(OURS[name]["environment"]) <= {variable(field) for field in Settings.model_fields} | for_sinks

    @each_of_ours
    def test_what_is_set_can_be_read_as_settings(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for key, value in OURS[name]["environment"].items():
            monkeypatch.setenv(key, re.sub(r"\$\{(\w+)(?::-(.*?)|:\?.*?)\}", lambda found: found[2] or "", str(value)))
        settings = Settings()
        assert settings.metrics_port == Settings().metrics_port != 0
        assert settings.stream.startswith("kafka://kafka:9092/")
        assert settings.index == "http://elasticsearch:9200"

    def test_only_what_uses_the_index_can_log_in_there(self) -> None:
        with_password = {name for name in OURS if "QUOTEWIRE_ELASTICSEARCH_PASSWORD" in OURS[name]["environment"]}
        assert with_password == ONE_SHOT | {"poller", "indexer", "web"}
        with_user = {name for name in OURS if "QUOTEWIRE_ELASTICSEARCH_USER" in OURS[name]["environment"]}
        assert with_user == with_password

    def test_kafka_has_the_whole_set_and_nothing_else(self) -> None:
        # https://kafka.apache.org/documentation/#brokerconfigs, as apache/kafka takes them
        ones = {
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR",
        }
        rest = {
            "CLUSTER_ID",
            "KAFKA_NODE_ID",
            "KAFKA_PROCESS_ROLES",
            "KAFKA_LISTENERS",
            "KAFKA_ADVERTISED_LISTENERS",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            "KAFKA_CONTROLLER_QUORUM_VOTERS",
            "KAFKA_INTER_BROKER_LISTENER_NAME",
            "KAFKA_CONTROLLER_LISTENER_NAMES",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE",
            "KAFKA_LOG_DIRS",
            "KAFKA_HEAP_OPTS",
        }
        environment = ALL["kafka"]["environment"]
        assert set(environment) == ones | rest
        assert {environment[name] for name in ones} == {1}
        assert len(environment["CLUSTER_ID"]) == 22  # 16 bytes in Base64
        listeners = dict(re.findall(r"(\w+)://\w*:(\d+)", environment["KAFKA_LISTENERS"]))
        assert environment["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://kafka:{listeners['PLAINTEXT']}"
        assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"].endswith(f":{listeners['CONTROLLER']}")
        assert f":{listeners['PLAINTEXT']} " in ALL["kafka"]["healthcheck"]["test"][1]
        assert OURS["web"]["environment"]["QUOTEWIRE_STREAM"] == f"kafka://kafka:{listeners['PLAINTEXT']}/quotewire"

    def test_elasticsearch_and_kibana_are_set_up_as_their_images_take_it(self) -> None:
        elasticsearch, kibana = ALL["elasticsearch"]["environment"], ALL["kibana"]["environment"]
        assert set(elasticsearch) == {
            "discovery.type",
            "cluster.name",
            "bootstrap.memory_lock",
            "xpack.security.enabled",
            "xpack.security.http.ssl.enabled",
            "xpack.license.self_generated.type",
            "ingest.geoip.downloader.enabled",
            "ELASTIC_PASSWORD",
        }
        assert elasticsearch["xpack.security.enabled"] == "true"
        assert ALL["elasticsearch"]["ulimits"]["memlock"] == {"soft": -1, "hard": -1}
        assert set(kibana) == {
            "SERVER_NAME",
            "SERVER_PUBLICBASEURL",
            "ELASTICSEARCH_HOSTS",
            "ELASTICSEARCH_USERNAME",
            "ELASTICSEARCH_PASSWORD",
            "XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY",
            "TELEMETRY_OPTIN",
        }
        assert kibana["ELASTICSEARCH_HOSTS"] == OURS["web"]["environment"]["QUOTEWIRE_INDEX"]
        assert kibana["ELASTICSEARCH_USERNAME"] == "kibana_system"

    def test_the_example_has_each_variable_that_is_used_and_no_more(self) -> None:
        assert set(re.findall(r"\$\{(\w+)", TEXT)) == set(EXAMPLE)
        for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT):
            assert EXAMPLE[name] == default, name

    def test_without_a_secret_nothing_starts(self) -> None:
        needed = {name for name in EXAMPLE if name.endswith(("_PASSWORD", "_KEY"))}
        assert set(re.findall(r"\$\{(\w+):\?set \1 in \.env, or run make env\}", TEXT)) == needed
        assert not any(EXAMPLE[name] for name in needed)
        for service in ALL.values():
            for name, value in service["environment"].items():
                if name.endswith(("PASSWORD", "KEY")):
                    assert str(value).startswith("${"), name

    def test_each_variable_of_the_example_is_explained(self) -> None:
        blocks = re.split(r"\n(?=#)", (ROOT / ".env.example").read_text(encoding="utf-8"))
        for name in EXAMPLE:
            [block] = [block for block in blocks if f"\n{name}=" in block]
            assert block.startswith("# ")

    def test_make_env_fills_in_the_secrets_for_this_user_alone(self, tmp_path: Path) -> None:
        (tmp_path / "deploy").mkdir()
        shutil.copy(ROOT / ".env.example", tmp_path)
        script = shutil.copy(ROOT / "deploy" / "make-env", tmp_path / "deploy")
        assert subprocess.run([script], check=False, capture_output=True).returncode == 0
        made = (tmp_path / ".env").read_text()
        values = dict(re.findall(r"^([A-Z_]+)=(.*)$", made, re.MULTILINE))
        filled = [value for name, value in values.items() if name.endswith(("_PASSWORD", "_KEY"))]
        assert all(re.fullmatch("[0-9a-f]{48}", value) for value in filled)
        assert len(set(filled)) == len(filled) == 4
        assert {name: value for name, value in values.items() if value not in filled} == {
            name: value for name, value in EXAMPLE.items() if value or not name.endswith(("_PASSWORD", "_KEY"))
        }
        assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
        again = subprocess.run([script], check=False, capture_output=True, text=True)
        assert (again.returncode, again.stderr) == (1, ".env is there already; move it away first\n")
        assert (tmp_path / ".env").read_text() == made


class TestServices:
    def test_every_stage_and_service_of_the_pipeline_is_run_by_one(self) -> None:
        run = [service["command"][1] for service in OURS.values() if service["command"][0] == "run"]
        assert sorted(run) == sorted([*STAGES, *SERVICES])

    def test_setup_covers_all_parts(self) -> None:
        assert [part for name in sorted(ONE_SHOT, reverse=True) for part in OURS[name]["command"][1:]] == list(PARTS)

    @every_service
    def test_a_service_is_watched_limited_and_guarded(self, name: str) -> None:
        service = ALL[name]
        health = service["healthcheck"]
        if name in ONE_SHOT:
            assert health == {"disable": True}
            assert service["restart"] == "no"
        else:
            assert {"test", "interval", "timeout", "retries", "start_period"} == set(health)
            assert service["restart"] == "unless-stopped"
        assert service["mem_limit"]
        assert service["pids_limit"]
        assert service["stop_grace_period"]
        assert service["logging"]["options"]["max-size"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "container_name" not in service
        assert "privileged" not in service

    @every_service
    def test_a_service_waits_for_what_it_needs(self, name: str) -> None:
        needs = ALL[name].get("depends_on", {})
        for other, need in needs.items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert need == {"condition": wanted}, other
        assert needs or name in ("kafka", "elasticsearch")

    @each_of_ours
    def test_a_part_of_ours_may_write_its_data_alone_and_has_time_to_end(self, name: str) -> None:
        service = OURS[name]
        assert service["read_only"] is True
        [data] = re.findall(r"QUOTEWIRE_DATA=(\S+)", DOCKERFILE)
        assert service["volumes"] == [f"quotewire-data:{data}"]
        assert service["init"] is True
        if name not in ONE_SHOT:
            assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "quotewire.readiness"]
            assert seconds(service["stop_grace_period"]) > STOP_PATIENCE

    def test_the_enricher_can_be_scaled(self) -> None:
        assert "ports" not in OURS["enricher"]
        assert "hostname" not in OURS["enricher"]

    def test_health_commands_are_those_of_the_images(self) -> None:
        assert "/opt/kafka/bin/kafka-topics.sh --bootstrap-server" in ALL["kafka"]["healthcheck"]["test"][1]
        of_elasticsearch = ALL["elasticsearch"]["healthcheck"]["test"][1]
        assert of_elasticsearch.startswith('printf "user = elastic:%s" "$$ELASTIC_PASSWORD" | curl --config - ')
        assert "PASSWORD" not in of_elasticsearch.partition("|")[2], "on a command line every process could read it"
        assert "302 Found" in ALL["kibana"]["healthcheck"]["test"][1]


class TestPortsAndVolumes:
    def test_ports_are_published_on_the_loopback_only(self) -> None:
        published = {name: service["ports"] for name, service in ALL.items() if "ports" in service}
        assert {port for ports in published.values() for port in ports} == {
            "127.0.0.1:${WEB_PORT:-8765}:8765",
            "127.0.0.1:${WEBSUB_PORT:-8768}:8768",
            "127.0.0.1:${KIBANA_PORT:-5601}:5601",
        }
        assert set(published) == {"web", "websub", "kibana"}

    def test_ports_of_ours_are_those_of_the_settings(self) -> None:
        fields = Settings.model_fields
        defaults = {fields[name].default for name in ("web_port", "metrics_port", "websub_port")}
        [exposed] = re.findall(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)
        assert set(map(int, exposed.split())) == defaults
        assert OURS["web"]["ports"][0].endswith(f":{fields['web_port'].default}")
        assert OURS["web"]["environment"]["QUOTEWIRE_WEB_HOST"] == "0.0.0.0"
        assert OURS["websub"]["environment"]["QUOTEWIRE_WEBSUB_HOST"] == "0.0.0.0"

    def test_volumes_are_named_and_where_the_images_keep_their_data(self) -> None:
        mounted = {volume for service in ALL.values() for volume in service["volumes"]}
        assert mounted == {
            "kafka-data:/var/lib/kafka/data",
            "elasticsearch-data:/usr/share/elasticsearch/data",
            "kibana-data:/usr/share/kibana/data",
            "quotewire-data:/var/lib/quotewire",
        }
        assert set(COMPOSE["volumes"]) == {volume.partition(":")[0] for volume in mounted}
        assert ALL["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"

    def test_only_what_must_reaches_the_world(self) -> None:
        assert COMPOSE["networks"]["backend"] == {"internal": True}
        outside = {name for name, service in ALL.items() if "outside" in service["networks"]}
        assert outside == {"poller", "notifier", "web", "websub", "kibana"}
        assert all("backend" in service["networks"] for service in ALL.values())


class TestImages:
    def test_ours_is_of_this_version_and_built_by_one_service(self) -> None:
        assert {service["image"] for service in OURS.values()} == {f"quotewire:{version('quotewire')}"}
        assert [name for name, service in ALL.items() if "build" in service and service["command"][1] != "kibana"] == [
            "setup"
        ]

    def test_servers_are_of_the_versions_that_are_tested(self) -> None:
        of_kafka, of_elasticsearch = KAFKA.rpartition(":")[2], ELASTICSEARCH.rpartition(":")[2]
        assert {name: ALL[name]["image"] for name in ("kafka", "elasticsearch", "kibana")} == {
            "kafka": f"apache/kafka:{of_kafka}",
            "elasticsearch": f"elasticsearch:{of_elasticsearch}",
            "kibana": f"kibana:{of_elasticsearch}",
        }

    def test_the_image_is_built_from_the_lock_for_a_user_without_rights(self) -> None:
        assert "--require-hashes --requirement requirements/runtime.lock" in DOCKERFILE
        stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
        assert len(stages) == 2
        assert len(set(stages)) == 1
        assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
        assert 'CMD ["python", "-m", "quotewire.readiness"]' in DOCKERFILE

    def test_what_is_copied_is_there_and_sent_to_the_engine(self) -> None:
        sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
            for source in sources.split():
                assert (ROOT / source).exists(), source
                assert f"!{source}" in sent, source
