"""The name resolver, a spaCy component: one entity for all the mentions of a person, body or place in an article.

    nlp.add_pipe("quotewire_names")
    doc = nlp("Anna Roth resigned. Roth had been in office for a year.")
    [entity.name for entity in doc._.named_entities]

It needs an entity recogniser before it; a tagger and a parser make it better. What is known of names beforehand is
given as its gazetteer:

    nlp.add_pipe("quotewire_names", config={"gazetteer": [{"name": "Kyiv", "type": "place", "aliases": ["Kiev"]}]})
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc

from consumers.enrich.extensions import add_extensions
from consumers.enrich.names.clusters import cluster
from consumers.enrich.names.gazetteer import Gazetteer, KnownName
from consumers.enrich.names.mentions import find_mentions
from consumers.enrich.names.records import make_entities
from consumers.enrich.tokens import Tokens, read_tokens
from schemas.records import Entity


class NameResolver:
    """Sets `doc._.named_entities`, a tuple of schemas.records.Entity in the order of their first mention.

    `gazetteer`: the names known beforehand; another may be put in its place at any time.
    """

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        self.gazetteer = gazetteer or Gazetteer()

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a document and give it back."""
        doc._.named_entities = self.entities(read_tokens(doc))
        return doc

    def entities(self, tokens: Tokens) -> tuple[Entity, ...]:
        """The entities of a document that has been read."""
        names = self.gazetteer.add_mentions(tokens, find_mentions(tokens))
        return make_entities(tokens, cluster(tokens, names, self.gazetteer))

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:  # noqa: ARG002 - what spaCy calls it with
        """The gazetteer, as the pipeline's `to_bytes` keeps it."""
        data: bytes = srsly.msgpack_dumps([entry.model_dump() for entry in self.gazetteer.names])
        return data

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> NameResolver:  # noqa: ARG002
        """Take the gazetteer from what `to_bytes` gave."""
        self.gazetteer = Gazetteer(KnownName.model_validate(entry) for entry in srsly.msgpack_loads(data))
        return self

    def to_disk(self, path: Path, *, exclude: Sequence[str] = ()) -> None:  # noqa: ARG002
        """Write the gazetteer into the folder of a pipeline that is saved."""
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "gazetteer.json", [entry.model_dump() for entry in self.gazetteer.names])

    def from_disk(self, path: Path, *, exclude: Sequence[str] = ()) -> NameResolver:  # noqa: ARG002
        """Read the gazetteer from the folder of a saved pipeline."""
        self.gazetteer = Gazetteer(
            KnownName.model_validate(entry) for entry in srsly.read_json(path / "gazetteer.json")
        )
        return self


@Language.factory(
    "quotewire_names",
    assigns=["doc._.named_entities", "span._.resolved_name"],
    requires=["doc.ents"],
    default_config={"gazetteer": []},
)
def make_names(nlp: Language, name: str, gazetteer: list[dict[str, Any]]) -> NameResolver:  # noqa: ARG001
    """The factory that `nlp.add_pipe("quotewire_names")` calls.

    `gazetteer` is a list of entries with `name`, `type` and `aliases`, as docs/names.md has them. Raises
    pydantic.ValidationError where one is wrong.
    """
    add_extensions()
    return NameResolver(Gazetteer(KnownName.model_validate(entry) for entry in gazetteer))
