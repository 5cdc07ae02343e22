"""Write the JSON Schema of every record to schemas/json/, for whoever reads the topics without this package.

Run `python -m schemas.generate`; a test fails where the files are not what the models say.
"""

from __future__ import annotations

import json
from pathlib import Path

from schemas.topics import TOPICS, Topic

FOLDER = Path(__file__).parent / "json"


def schema_files() -> dict[str, str]:
    """Each file's name and what must stand in it, for the current version of every topic's record."""
    return {_file_name(topic): _schema(topic) for topic in TOPICS.values()}


def _file_name(topic: Topic) -> str:
    return f"{topic.name}.v{topic.record.model_fields['schema_version'].default}.schema.json"


def _schema(topic: Topic) -> str:
    schema = topic.record.model_json_schema(mode="serialization")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _file_name(topic)} | schema
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files of the current versions; those of older versions stay as they are."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schema_files().items():
        (FOLDER / name).write_text(schema, encoding="utf-8")


if __name__ == "__main__":
    main()
