"""Kibana's data views, searches and dashboards, loaded through its HTTP interface.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-post-saved-objects-import
"""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import aiohttp

from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions
from quotewire.ports import ConfigurationError, Prepared, Unavailable

_WRITTEN_FOR = "quotewire"
"""What the names of indices begin with in the saved objects as they ship."""

_IMPORT = "/api/saved_objects/_import?overwrite=true"
_LONGEST_REASON = 500


class Kibana:
    """The Kibana at `address`, which is https://HOST[:PORT][/PATH], or http://…

    It has no users of its own: `options` log in as at its Elasticsearch, and their CA file is for both.
    """

    def __init__(self, address: str, options: ElasticsearchOptions) -> None:
        if not address.startswith(("http://", "https://")):
            raise ConfigurationError(f"{address!r} is no address of Kibana: use https://HOST:PORT")
        self._address = address.rstrip("/")
        self._options = options

    def load(self, saved_objects: bytes) -> Prepared:
        """Load an export; what is there under the same ids is replaced.

        Raises Unavailable, also while Kibana is starting; ConfigurationError where it refuses.
        """
        content = with_prefix(saved_objects, self._options.prefix)
        status, answer = asyncio.run(self._post(content))
        reason = " ".join(str(answer.get("message") or answer.get("errors") or answer).split())[:_LONGEST_REASON]
        if status in (401, 403):
            raise ConfigurationError(f"Kibana at {self._address} does not allow this to our user: {reason}")
        if status == 429 or status >= 500:
            raise Unavailable(f"Kibana at {self._address}: {status} {reason}")
        if status != 200 or not answer.get("success"):
            raise ConfigurationError(f"Kibana at {self._address} does not take the saved objects: {status} {reason}")
        return Prepared(f"{answer['successCount']} saved objects of Kibana", "changed")

    async def _post(self, content: bytes) -> tuple[int, dict[str, Any]]:
        form = aiohttp.FormData()
        form.add_field("file", content, filename="quotewire.ndjson", content_type="application/ndjson")
        timeout = aiohttp.ClientTimeout(total=2 * self._options.answer)
        headers = {"kbn-xsrf": "quotewire", **self._login()}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.post(f"{self._address}{_IMPORT}", data=form, ssl=self._tls()) as response,
            ):
                return response.status, _read(await response.text())
        except (aiohttp.InvalidURL, aiohttp.ClientConnectorCertificateError, ssl.SSLError) as error:
            raise ConfigurationError(f"Kibana at {self._address} cannot be asked: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"Kibana at {self._address}: {error or 'no answer in time'}") from error

    def _login(self) -> dict[str, str]:
        if self._options.api_key:
            return {"Authorization": f"ApiKey {self._options.api_key}"}
        if self._options.user:
            login = aiohttp.encode_basic_auth(self._options.user, self._options.password or "")
            return {"Authorization": login}
        return {}

    def _tls(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=self._options.ca_file) if self._options.ca_file else True


def with_prefix(saved_objects: bytes, prefix: str) -> bytes:
    """The saved objects over indices whose names begin with `prefix`."""
    lines = []
    for line in saved_objects.splitlines():
        each = json.loads(line)
        if each["type"] == "index-pattern":
            title: str = each["attributes"]["title"]
            each["attributes"]["title"] = prefix + title.removeprefix(_WRITTEN_FOR)
        lines.append(json.dumps(each, ensure_ascii=False))
    return "\n".join(lines).encode() + b"\n"


def _read(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {"message": text}
    return answer if isinstance(answer, dict) else {"message": text}
