"""The inbox and the watchlist as they are answered: what they show, what they change, and who may change it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from fastapi.testclient import TestClient

from quotewire import watchlist
from quotewire.adapters.memory_index import MemoryIndex
from quotewire.ports import TrackedName
from quotewire.web.writing import COOKIE
from schemas.records import AlertArticle, AlertQuote
from tests.quotewire.web.newsroom import ALERTS, ARTICLES, FERRY, PIER, WATCHLIST, make_alert, make_app

PIER_ALERT = "pier-Ingrid Halvorsen"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    index = MemoryIndex()
    index.put_articles(ARTICLES)
    index.put_alerts(ALERTS)
    with TestClient(make_app(index, tmp_path, names=WATCHLIST), base_url="http://localhost") as client:
        yield client


def read(client: TestClient, address: str) -> lxml.html.HtmlElement:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return lxml.html.fromstring(answer.text)


def shown(client: TestClient, address: str = "/alerts") -> list[str]:
    return [str(found) for found in read(client, address).xpath("//form[@class='marks']/@action")]


def fields(page: lxml.html.HtmlElement, action: str, **changes: Any) -> dict[str, Any]:
    """What a form of the page would send."""
    (form,) = page.xpath(f"//form[@action='{action}']")
    values: dict[str, Any] = {}
    for name, value in form.form_values():
        values.setdefault(name, []).append(value)
    return values | changes


def mark(client: TestClient, state: str, alert: str = PIER_ALERT, **options: Any) -> Any:
    action = f"/alerts/{alert.replace(' ', '%20')}"
    form = fields(read(client, "/alerts?status=all"), action, state=state)
    return client.post(action, data=form, follow_redirects=False, **options)


# --- marking


def test_a_marked_alert_goes_where_it_was_marked_for(client: TestClient) -> None:
    assert len(shown(client)) == 3
    answer = mark(client, "dismissed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?status=all")
    assert len(shown(client)) == 2
    assert shown(client, "/alerts?status=dismissed") == ["/alerts/pier-Ingrid%20Halvorsen"]
    assert shown(client, "/alerts?status=seen") == []
    assert len(shown(client, "/alerts?status=all")) == 3
    mark(client, "new")
    assert len(shown(client)) == 3


def test_each_status_says_how_many_there_are(client: TestClient) -> None:
    mark(client, "seen")
    counts = read(client, "/alerts").xpath("//nav[@class='statuses']//span/text()")
    assert counts == ["2", "1", "0", "0", "3"]


def test_names_and_statuses_narrow_together(client: TestClient) -> None:
    mark(client, "seen")
    assert len(shown(client, "/alerts?name=Ingrid+Halvorsen")) == 1
    assert shown(client, "/alerts?name=Brightwater+Marine&status=seen") == []
    assert len(shown(client, "/alerts?name=Ingrid+Halvorsen&status=seen")) == 1


def test_one_marked_false_keeps_quiet_what_is_like_it_until_that_is_taken_back(
    client: TestClient, tmp_path: Path
) -> None:
    mark(client, "false")
    assert PIER_ALERT in (tmp_path / "false-positives.yaml").read_text()
    mark(client, "seen")
    assert PIER_ALERT not in (tmp_path / "false-positives.yaml").read_text()


def test_marks_stay_when_the_index_is_made_anew(client: TestClient) -> None:
    mark(client, "dismissed")
    index = client.app.state.sources.index  # type: ignore[attr-defined]
    index.put_alerts([ALERTS[1].model_copy(update={"revision": 2})])
    assert shown(client, "/alerts?status=dismissed") == ["/alerts/pier-Ingrid%20Halvorsen"]


def test_new_ones_are_found_behind_many_that_were_marked(tmp_path: Path) -> None:
    index = MemoryIndex()
    alerts = [make_alert(FERRY, "Ingrid Halvorsen", "Ingrid Halvorsen", minutes=number) for number in range(250)]
    alerts = [alert.model_copy(update={"id": f"a{number}"}) for number, alert in enumerate(alerts)]
    index.put_alerts(alerts)
    with TestClient(make_app(index, tmp_path), base_url="http://localhost") as client:
        for number in range(20, 250):
            answer = client.put(f"/api/alerts/a{number}/state", json={"state": "seen"})
            assert answer.json()["state"] == "seen"
        assert shown(client) == [f"/alerts/a{number}" for number in reversed(range(20))]
        assert len(shown(client, "/alerts?status=seen&page=12")) == 10


@pytest.mark.parametrize("state", ["loud", ""])
def test_a_state_that_is_none_is_refused(client: TestClient, state: str) -> None:
    assert mark(client, state).status_code == 422
    assert client.put(f"/api/alerts/{PIER_ALERT}/state", json={"state": state}).status_code == 422


def test_an_alert_that_is_none_is_not_found(client: TestClient) -> None:
    assert client.get("/alerts/nothing").status_code == 404
    assert client.get("/api/alerts/nothing").status_code == 404
    assert client.put("/api/alerts/nothing/state", json={"state": "seen"}).status_code == 404


# --- who may change anything


def test_a_form_without_its_token_changes_nothing(client: TestClient) -> None:
    for token in ("", "guessed"):
        answer = client.post(f"/alerts/{PIER_ALERT}", data={"state": "seen", "token": token})
        assert answer.status_code == 403
    form = fields(read(client, "/alerts"), "/alerts/pier-Ingrid%20Halvorsen", state="seen")
    client.cookies.clear()
    assert client.post(f"/alerts/{PIER_ALERT}", data=form).status_code == 403
    assert len(shown(client)) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_changes_nothing(client: TestClient, headers: dict[str, str]) -> None:
    assert mark(client, "seen", headers=headers).status_code == 403
    assert client.put(f"/api/alerts/{PIER_ALERT}/state", json={"state": "seen"}, headers=headers).status_code == 403
    assert client.delete("/api/watchlist/Nobody", headers=headers).status_code == 403
    assert client.post("/api/watchlist", json={"name": "X"}, headers=headers).status_code == 403
    assert len(shown(client)) == 3


def test_our_own_origin_may(client: TestClient) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert mark(client, "seen", headers=headers).status_code == 303


def test_the_token_stays_in_the_browser_and_crosses_no_site(client: TestClient) -> None:
    answer = client.get("/alerts")
    cookie = answer.headers["set-cookie"]
    assert COOKIE in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "set-cookie" not in client.get("/alerts").headers
    assert "set-cookie" not in client.get("/api/alerts").headers


def test_programs_send_json_and_nothing_that_a_form_can(client: TestClient) -> None:
    address = f"/api/alerts/{PIER_ALERT}/state"
    assert client.put(address, content='{"state": "seen"}', headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.put(address, content="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert client.put(address, json=["seen"]).status_code == 422
    assert client.put(address, json={"state": "seen", "pad": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/alerts\\@evil.example", ""])
def test_a_form_leads_back_to_our_own_pages_only(client: TestClient, back: str) -> None:
    form = fields(read(client, "/alerts"), "/alerts/pier-Ingrid%20Halvorsen", state="seen", back=back)
    answer = client.post("/alerts/pier-Ingrid%20Halvorsen", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/alerts"


# --- an alert


def test_an_alert_shows_why_who_said_what_and_its_story(tmp_path: Path) -> None:
    raised = ALERTS[1]
    listed = [
        AlertArticle(
            id=article.id,
            title=article.title,
            outlet=article.outlet,
            published=article.published,
            fetched=article.published,
            added=raised.raised,
            mention=raised.mention,
            sentence=raised.sentence,
            rule="entity by name",
            confidence=0.9,
            corrected=article is FERRY,
        )
        for article in (PIER, FERRY)
    ]
    said = AlertQuote(
        article="pier",
        id="q1",
        kind="direct",
        text="We will not be hurried",
        speaker="<b>Ingrid</b>",
        condition="quoted",
    )
    index = MemoryIndex()
    index.put_alerts([raised.model_copy(update={"articles": tuple(listed), "quotes": (said,), "revision": 3})])
    with TestClient(make_app(index, tmp_path), base_url="http://localhost") as client:
        page = read(client, "/alerts/pier-Ingrid%20Halvorsen")
    text = " ".join(page.text_content().split())
    assert page.xpath("//mark/text()") == ["Ingrid Halvorsen"]
    assert "name · mentioned · 95 % sure" in text
    assert "2 minutes after publication" in text
    assert "<b>Ingrid</b>" in text
    assert page.xpath("//figure//blockquote/a/@href") == ["/articles/pier#q1"]
    assert page.xpath("//ol[@class='timeline']/li/a/text()") == [FERRY.title, PIER.title]
    assert "an edit has taken the name out" in text
    assert page.xpath("//figure[@class='chart']//rect")


def test_a_name_has_a_chart_of_its_mentions(client: TestClient) -> None:
    page = read(client, "/alerts?name=Ingrid+Halvorsen")
    assert len(page.xpath("//figure[@class='chart']//rect")) == 2


def test_an_entity_has_a_chart_of_its_mentions_by_day(client: TestClient) -> None:
    page = read(client, "/?entity=Vessby")
    bars = page.xpath("//figure[@class='chart']//title/text()")
    # One article every day and a half for 84 days, of which 80 are counted, and two of the last days.
    assert sum(int(bar.rpartition(": ")[2].split()[0]) for bar in bars) == 53
    assert "Mentioned" in read(client, "/?entity=Vessby").text_content()


def test_latency_is_shown_in_percentiles(tmp_path: Path) -> None:
    index, now = MemoryIndex(), datetime.now(UTC)
    for seconds in range(1, 101):
        alert = make_alert(PIER, "Ingrid Halvorsen", "Ingrid Halvorsen")
        published = now - timedelta(hours=1)
        times = {"published": published, "raised": published + timedelta(seconds=seconds)}
        index.put_alerts([alert.model_copy(update={"id": f"a{seconds}", **times})])
    with TestClient(make_app(index, tmp_path), base_url="http://localhost") as client:
        assert client.get("/api/latency").json() == {
            "published": {"alerts": 100, "p50": 50, "p95": 95, "p99": 99},
            "seen": None,
        }
        cells = read(client, "/alerts/latency").xpath("//tbody//td/text()")
    assert cells == ["50 s", "95 s", "99 s", "100"]


# --- the feed


def test_alerts_come_as_an_atom_feed(client: TestClient) -> None:
    answer = client.get("/alerts.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = lxml.etree.fromstring(answer.content)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    assert feed.xpath("count(//a:entry)", namespaces=atom) == 3
    first = feed.xpath("//a:entry[1]", namespaces=atom)[0]
    assert first.xpath("string(a:id)", namespaces=atom) == "urn:quotewire:alert:pier-Brightwater%20Marine"
    assert first.xpath("string(a:title)", namespaces=atom) == f"Brightwater Marine: {PIER.title}"
    assert first.xpath("string(a:link[@rel='alternate']/@href)", namespaces=atom).startswith("http://localhost/alerts/")
    named = lxml.etree.fromstring(client.get("/alerts.atom?name=Ingrid+Halvorsen").content)
    assert named.xpath("count(//a:entry)", namespaces=atom) == 2
    mark(client, "dismissed")
    unread = lxml.etree.fromstring(client.get("/alerts.atom?status=new").content)
    assert unread.xpath("count(//a:entry)", namespaces=atom) == 2


def test_nothing_from_an_article_breaks_the_feed(tmp_path: Path) -> None:
    index = MemoryIndex()
    alert = ALERTS[0].model_copy(update={"title": "a\x00b\x0b<x>&\ufffe", "url": "javascript:alert(1)", "name": "A&B"})
    index.put_alerts([alert])
    with TestClient(make_app(index, tmp_path), base_url="http://localhost") as client:
        feed = lxml.etree.fromstring(client.get("/alerts.atom").content)
    assert "A&B: ab<x>&" in feed.xpath("//*[local-name()='title']/text()")
    assert not feed.xpath("//@href[starts-with(., 'javascript')]")


# --- the watchlist


def test_the_watchlist_is_shown_with_all_that_it_says(client: TestClient) -> None:
    page = read(client, "/watchlist")
    assert page.xpath("//ul[@class='watchlist']//h2/a/text()") == ["Ingrid Halvorsen", "Brightwater Marine", "Nobody"]
    assert "also Brightwater" in " ".join(page.text_content().split())


def test_an_entry_is_tried_and_then_switched_on(client: TestClient, tmp_path: Path) -> None:
    index = client.app.state.sources.index  # type: ignore[attr-defined]
    now = datetime.now(UTC)
    index.put_articles([PIER.model_copy(update={"revision": 2, "published": now - timedelta(days=2)})])
    form = fields(
        read(client, "/watchlist/edit"), "/watchlist/try", name="Tomás Oliveira", aliases="Oliveira, the mayor"
    )
    tried = client.post("/watchlist/try", data=form)
    page = lxml.html.fromstring(tried.text)
    assert "1 alert in the last 30 days" in page.text_content()
    assert "Tomás Oliveira" in page.xpath("//section[@id='trial']//mark/text()")
    assert [tracked.name for tracked in watchlist.read(tmp_path / "watchlist.yaml")][-1] == "Nobody"

    again = fields(page, "/watchlist/try")
    saved = client.post("/watchlist", data=again, follow_redirects=False)
    assert saved.status_code == 303
    assert "Tracking Tomás Oliveira" in read(client, saved.headers["location"]).text_content()
    assert watchlist.read(tmp_path / "watchlist.yaml")[-1] == TrackedName("Tomás Oliveira", ("Oliveira", "the mayor"))


def test_an_entry_is_edited_where_it_stands(client: TestClient, tmp_path: Path) -> None:
    page = read(client, "/watchlist/edit?name=Brightwater+Marine")
    form = fields(page, "/watchlist/try", name="Brightwater", near="pier\nharbour", paused="yes")
    assert form["was"] == ["Brightwater Marine"]
    assert client.post("/watchlist", data=form, follow_redirects=False).status_code == 303
    names = watchlist.read(tmp_path / "watchlist.yaml")
    assert [tracked.name for tracked in names] == ["Ingrid Halvorsen", "Brightwater", "Nobody"]
    assert names[1] == TrackedName("Brightwater", ("Brightwater",), near=("pier", "harbour"), paused=True)


def test_an_entry_is_removed(client: TestClient, tmp_path: Path) -> None:
    page = read(client, "/watchlist")
    token = page.xpath("//form[@action='/watchlist/remove']//input[@name='token']/@value")[0]
    client.post("/watchlist/remove", data={"token": token, "name": "Nobody"})
    assert "Nobody" not in (tmp_path / "watchlist.yaml").read_text()
    assert client.post("/watchlist/remove", data={"token": token, "name": "Nobody"}).status_code == 422
    assert client.post("/watchlist/remove", data={"name": "Ingrid Halvorsen"}).status_code == 403


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"name": ""}, "needs a name"), ({"name": "Nobody"}, "on the list already"), ({"type": "ghost"}, "type must be")],
)
def test_what_is_wrong_with_an_entry_is_said_and_nothing_has_to_be_typed_again(
    client: TestClient, changes: dict[str, str], says: str
) -> None:
    form = fields(read(client, "/watchlist/edit"), "/watchlist/try", **{"name": "Somebody", "near": "sea", **changes})
    for address in ("/watchlist/try", "/watchlist"):
        answer = client.post(address, data=form)
        assert answer.status_code == 422
        page = lxml.html.fromstring(answer.text)
        assert says in page.xpath("string(//p[@role='alert'])")
        assert page.xpath("string(//textarea[@name='near'])") == "sea"


def test_programs_edit_the_watchlist_too(client: TestClient, tmp_path: Path) -> None:
    assert client.post("/api/watchlist", json={"name": "Ada Lindqvist", "type": "person"}).status_code == 201
    assert client.post("/api/watchlist", json={"name": "Ada Lindqvist"}).status_code == 409
    assert client.post("/api/watchlist", json={"name": "X", "type": "ghost"}).status_code == 422
    changed = client.put("/api/watchlist/Ada Lindqvist", json={"aliases": ["Lindqvist"]})
    assert changed.json()["aliases"] == ["Lindqvist"]
    assert client.put("/api/watchlist/No One", json={}).status_code == 404
    assert [entry["name"] for entry in client.get("/api/watchlist").json()][-1] == "Ada Lindqvist"
    assert client.delete("/api/watchlist/Ada Lindqvist").status_code == 204
    assert client.delete("/api/watchlist/Ada Lindqvist").status_code == 404
    trial = client.post("/api/watchlist/trial", json={"name": "Ada Lindqvist"}).json()
    assert trial["days"] == 30
    assert "Ada" not in (tmp_path / "watchlist.yaml").read_text()


def test_a_long_watchlist_is_searched_and_paged_not_printed(client: TestClient, tmp_path: Path) -> None:
    names = [f"- name: Person {number:03}\n  aliases: [Alias {number:03}]\n" for number in range(120)]
    (tmp_path / "watchlist.yaml").write_text("".join([*names, "- Ingrid Halvorsen\n"]))
    page = read(client, "/watchlist")
    listed = "//ul[@class='watchlist']//h2/a/text()"
    assert len(page.xpath(listed)) == 50
    assert page.xpath("//a[@rel='next']/@href") == ["/watchlist?page=2"]
    assert len(read(client, "/watchlist?page=3").xpath(listed)) == 21
    assert read(client, "/watchlist?q=alias+07").xpath(listed) == [f"Person 07{digit}" for digit in range(10)]
    assert "No tracked name has" in client.get("/watchlist?q=nobody").text
    inbox = read(client, "/alerts").xpath("//nav[@aria-label='Tracked names']/a/text()")
    assert (len(inbox), inbox[0], inbox[-1]) == (32, "All names", "91 more")
    assert inbox[1] == "Ingrid Halvorsen", "of many names those with alerts are shown"


def test_the_watchlist_is_read_again_only_where_it_has_changed(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(client, "/watchlist")
    monkeypatch.setattr(watchlist, "_load", None)
    for address in ("/watchlist", "/alerts", "/watchlist/edit?name=Nobody", "/api/watchlist"):
        assert client.get(address).status_code == 200, address
    monkeypatch.undo()
    (tmp_path / "watchlist.yaml").write_text("- Only One\n")
    assert [entry["name"] for entry in client.get("/api/watchlist").json()] == ["Only One"]
    (tmp_path / "watchlist.yaml").write_text("- [\n")
    assert "is not YAML" in client.get("/watchlist").text
