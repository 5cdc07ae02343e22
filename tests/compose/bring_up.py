"""docker-compose.yml really brought up, fed, scaled, killed, and asked whether anything is missing.

Takes minutes and an engine, so its name keeps it out of `make test`; `make test-compose` runs it, and so does .ci/run.
The tests follow one another on one stack, in the order of this file.
"""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.compose.engine import engine
from tests.compose.images import provide
from tests.compose.stack import FEEDS, ONE_SHOT, OUTSIDE, PARTS, ROOT, Stack, until
from tests.real_stack.jars import CannotStart

SAMPLES = 24
"""Articles of the sample newspaper."""
PYTHON = "python:3.11-slim-bookworm"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything up and healthy; taken away at the end, with its last words where a test failed."""
    folder = tmp_path_factory.mktemp("compose")
    try:
        with engine() as started:
            stack = Stack(started, folder)
            stack.down()
            images = [service["image"] for service in stack.services.values() if "quotewire:" not in service["image"]]
            stand_ins = provide(started, images, PYTHON, folder)
            # Named, so that the layer of the libraries outlives the pruning at the end.
            started.docker("build", "--target", "build", "--tag", "quotewire-test-build", str(ROOT), timeout=2400)
            stack.compose("build", "setup", timeout=2400)
            try:
                stack.begin_with(FEEDS)
                stack.up()
                yield stack
            finally:
                print(stack.compose("logs", "--no-color", "--tail", "15", check=False))
                stack.down()
                if started.own:
                    started.docker("image", "prune", "--force", check=False)
                elif stand_ins:
                    started.docker("image", "rm", "--force", *stand_ins, check=False)
    except CannotStart as error:
        pytest.fail(str(error), pytrace=False)


def test_every_service_becomes_healthy_and_every_one_shot_ends_well(stack: Stack) -> None:
    stack.settle()
    states = stack.states()
    assert len(states) == len(stack.services) + 1
    assert sum(state == "exited 0" for state in states.values()) == len(ONE_SHOT)


def test_setup_did_everything_once_and_again_changes_nothing(stack: Stack) -> None:
    first = stack.compose("logs", "--no-color", "setup", "kibana-setup")
    assert "created    topic raw: 6 partitions, kept 14 days" in first
    assert "changed    password of kibana_system" in first
    assert "created    user quotewire" in first
    assert "created    index template quotewire-health" in first
    assert "saved objects of Kibana" in first
    again = stack.compose("run", "--rm", "-T", "setup").splitlines()
    done = [line for line in again if line.startswith(("created", "changed", "unchanged"))]
    assert len(done) > 15
    assert {line.split()[0] for line in done} == {"unchanged"}


def test_elasticsearch_knows_our_user_and_lets_it_do_no_more_than_it_must(stack: Stack) -> None:
    def status(user: str, *request: str) -> str:
        command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", *request]
        return stack.run("elasticsearch", *command, *(["--user", user] if user else []))

    ours = f"quotewire:{stack.secrets['QUOTEWIRE_ELASTICSEARCH_PASSWORD']}"
    assert status("", "http://localhost:9200/quotewire-articles/_search") == "401"
    assert status("quotewire:wrong", "http://localhost:9200/quotewire-articles/_search") == "401"
    assert status(ours, "http://localhost:9200/quotewire-articles/_search") == "200"
    assert status(ours, "http://localhost:9200/.security/_search") == "403"
    assert status(ours, "--request", "DELETE", "http://localhost:9200/quotewire-articles-rest") == "403"
    assert status(ours, "--request", "DELETE", "http://localhost:9200/_index_template/quotewire-articles") == "403"


def test_ports_are_published_on_the_loopback_only(stack: Stack) -> None:
    published = {
        (port, binding["HostIp"])
        for found in stack.containers()
        for port, bindings in found["NetworkSettings"]["Ports"].items()
        for binding in bindings or ()
    }
    assert published == {("8765/tcp", "127.0.0.1"), ("5601/tcp", "127.0.0.1")}
    assert _page(stack, "127.0.0.1") == 200
    assert _page(stack, "news.example.org") == 400


def _page(stack: Stack, host: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{stack.web_port}/", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_ours_is_confined(stack: Stack, part: str) -> None:
    assert stack.run(part, "id", "-u").strip() == "10001"
    host = stack.container(part)["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    tried = "import socket; socket.create_connection(('news', 8000), 3)"
    said = stack.run(part, "sh", "-c", f'python -c "{tried}" 2>&1 && echo reached', check=False)
    assert said.endswith("reached\n") == (part in OUTSIDE), said


def test_articles_of_a_local_site_come_the_whole_way(stack: Stack) -> None:
    stack.has_stories(10)
    stack.run("alerter", "quotewire", "watch", "add", "Ilse Brandt", "--alias", "Brandt")
    stack.run("poller", "quotewire", "feeds", "add", "http://news:8000/feed.xml")
    audit = stack.audited(SAMPLES + 10)
    assert (audit["found"], audit["indexed"], audit["dead"], audit["twice"]) == (SAMPLES + 10, SAMPLES + 10, 0, [])
    said = stack.quotewire("quotes", "--speaker", "Brandt", service="web")["hits"]
    assert {hit["quote"]["speaker"]["name"] for hit in said} == {"Ilse Brandt"}
    assert stack.quotewire("alerts", "--name", "Ilse Brandt", service="web")


def test_ops_see_health_and_latency_in_the_index(stack: Stack) -> None:
    def documents(query: str) -> int:
        login = f"elastic:{stack.secrets['ELASTIC_PASSWORD']}"
        answer = stack.run("elasticsearch", "curl", "--silent", "--user", login, f"http://localhost:9200/{query}")
        return int(json.loads(answer)["count"])

    until(lambda: documents("quotewire-health/_count?q=kind:stage") >= 3, 90, lambda: "no sample of a stage")
    until(lambda: documents("quotewire-health/_count?q=kind:feed") == 2, 90, lambda: "not one sample for each feed")
    assert documents("quotewire-articles/_count?q=latency:>0") == SAMPLES + 10


def test_a_second_enricher_shares_the_work(stack: Stack) -> None:
    stack.up("--scale", "enricher=2", "--no-recreate")
    stack.settle()
    assert len(stack.containers("enricher")) == 2
    stack.has_stories(40)
    audit = stack.audited(SAMPLES + 40)
    assert (audit["indexed"], audit["twice"]) == (SAMPLES + 40, [])


def test_a_part_that_crashes_is_started_again(stack: Stack) -> None:
    if os.geteuid() != 0 or not stack.engine.own:
        pytest.skip("only root of the engine's own machine can end a container's process from outside")
    before = stack.container("indexer")["RestartCount"]
    os.kill(stack.container("indexer")["State"]["Pid"], signal.SIGKILL)
    until(lambda: stack.container("indexer")["RestartCount"] == before + 1, 30, lambda: str(stack.states()))
    stack.settle()


def test_nothing_is_lost_and_nothing_is_twice_whatever_is_killed(stack: Stack) -> None:
    stories = 40
    for service in ("enricher", "indexer", "alerter", "poller", "kafka", "elasticsearch"):
        stories += 10
        stack.has_stories(stories)
        time.sleep(3)  # somewhere in the work
        killed = stack.container(service)["Id"]
        stack.engine.docker("kill", killed)
        time.sleep(5)
        stack.engine.docker("start", killed)
    stack.settle()
    audit = stack.audited(SAMPLES + stories)
    assert audit["found"] == SAMPLES + stories
    assert (audit["indexed"], audit["dead"], audit["missing"], audit["twice"]) == (SAMPLES + stories, 0, 0, [])
    assert audit["alerts_raised"] == audit["alerts_indexed"]


def test_containers_made_anew_find_the_data_of_the_old_ones(stack: Stack) -> None:
    before = stack.audited(SAMPLES)
    stack.compose("stop", "--timeout", "60")
    ended = {found["Name"].strip("/"): found["State"]["ExitCode"] for found in stack.containers()}
    assert {code for name, code in ended.items() if any(part in name for part in PARTS)} == {0}, ended
    stack.up("--force-recreate")
    stack.settle()
    after = stack.audited(SAMPLES)
    kept = ("found", "indexed", "alerts_raised", "alerts_indexed", "twice")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
