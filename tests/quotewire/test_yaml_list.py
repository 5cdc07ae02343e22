"""A list in a file: read as YAML 1.2 has it, and of an edit everything else stays as it was, to the byte."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from quotewire.yaml_list import ListText, NoList, NotYaml

LIST = """\
# Ministers
- name: Ilse Brandt   # since May
  aliases: [Brandt,  Frau Brandt]   # two

# Towns
- Kyiv
- {name: Jordan, type: place}
# The last one
- name: 'Nobody'
  near:
  - sea
"""


@pytest.mark.parametrize(
    "text",
    [
        LIST,
        "",
        "# nothing yet\n",
        "[]",
        "- no\n- y\n- on\n- NO\n- 12:30\n- '5'\n- 5\n- -3\n- 1.5\n- ~\n-\n- true\n- null\n",
        "- &a {x: 1}\n- *a\n",
        "- |\n  several\n  lines\n- >-\n  one\n  line\n",
        "  - indented\n  - list\n",
        '[{"a": [1, "two"], "b": null}]',
        "[a, {b: c},\n\td]",
    ],
)
def test_it_is_read_as_by_the_library_that_edits(text: str) -> None:
    assert ListText.parse(text).entries == (YAML(typ="safe").load(text.replace("\t", " ")) or [])


@pytest.mark.parametrize("text", ["- [", "a: b: c", "- a: 1\n  a: 2\n", '[{"a": 1'])
def test_what_is_no_yaml_is_said_in_one_line(text: str) -> None:
    with pytest.raises(NotYaml) as refusal:
        ListText.parse(text)
    assert "\n" not in str(refusal.value)


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(NoList):
        ListText.parse("a: b")


def test_an_added_entry_stands_behind_what_was_there() -> None:
    assert ListText.parse(LIST).with_entry({"name": "Ann"}) == f"{LIST}- name: Ann\n"
    assert ListText.parse(LIST.rstrip()).with_entry("Ann") == f"{LIST}- Ann\n"
    assert ListText.parse("# none yet\n").with_entry("Ann") == "# none yet\n- Ann\n"


def test_of_a_removed_entry_only_its_lines_go() -> None:
    listed = ListText.parse(LIST)
    assert listed.without(0) == "# Ministers\n\n# Towns\n" + LIST[LIST.index("- Kyiv") :]
    assert listed.without(2) == LIST.replace("- {name: Jordan, type: place}\n", "")
    assert listed.without(3) == LIST[: LIST.index("- name: 'Nobody'")]


def test_a_changed_entry_keeps_its_comments_and_the_others_their_spaces() -> None:
    def paused(entry: Any) -> Any:
        entry["paused"] = True
        return entry

    text = ListText.parse(LIST).with_changed(0, paused)
    assert "# since May" in text
    assert text.endswith(LIST[LIST.index("- Kyiv") :])
    assert ListText.parse(text).entries[0]["paused"] is True


@pytest.mark.parametrize(
    "text",
    [
        "[A, {name: B}, C]",
        "  - A\n  - name: B\n  - C\n",
        "- &a A\n- {name: B, aliases: [*a]}\n- C\n",
        "-\n  A\n- name: B\n- C",
    ],
)
def test_lists_of_any_style_can_be_edited(text: str) -> None:
    def renamed(entry: Any) -> Any:
        entry["name"] = "D"
        return entry

    listed = ListText.parse(text)
    assert ListText.parse(listed.with_entry("E")).entries == [*listed.entries, "E"]
    changed = ListText.parse(listed.with_changed(1, renamed)).entries
    assert [changed[0], changed[1]["name"], changed[2]] == ["A", "D", "C"]
    assert ListText.parse(listed.without(1)).entries == ["A", "C"]


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8)
entries = st.one_of(words, st.fixed_dictionaries({"name": words}, optional={"near": st.lists(words, max_size=2)}))


@settings(max_examples=60)
@given(st.lists(entries, min_size=1, max_size=4), entries, st.data())
def test_an_edit_changes_its_entry_alone(listed: list[Any], entry: Any, data: st.DataObject) -> None:
    text = io.StringIO()
    YAML().dump(listed, text)
    before = ListText.parse(text.getvalue())
    place = data.draw(st.integers(0, len(listed) - 1))
    assert before.entries == listed
    assert ListText.parse(before.with_entry(entry)).entries == [*listed, entry]
    after = ListText.parse(before.with_changed(place, lambda _: entry)).entries
    assert after == [*listed[:place], entry, *listed[place + 1 :]]
    assert ListText.parse(before.without(place)).entries == [*listed[:place], *listed[place + 1 :]]
