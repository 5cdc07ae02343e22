"""Whether the pipeline that runs here is ready.

`python -m quotewire.readiness` is what `quotewire healthcheck` is, at a third of the cost: a container asks every few
seconds, and the command line as a whole takes long to load.
"""

from __future__ import annotations

import http.client
import sys

from quotewire.ports import ConfigurationError
from quotewire.settings import Settings, load

_PATIENCE = 5.0
"""Seconds: /readyz answers at once or never."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


def problem(settings: Settings) -> str:
    """Why it is not ready, in one line; empty where it is."""
    host, port = _EVERYWHERE.get(settings.metrics_host, settings.metrics_host), settings.metrics_port
    if not port:
        return "not known: QUOTEWIRE_METRICS_PORT is 0, so nothing can be asked"
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"not ready: nothing answers at {host}:{port} ({error}); is `quotewire run` running?"
    finally:
        connection.close()
    return "" if answer.status == 200 else "not ready: " + "; ".join(said.splitlines())


def main() -> int:
    """Say whether it is ready; the exit status is 0 where it is, else 1."""
    try:
        found = problem(load())
    except ConfigurationError as error:
        found = str(error)
    print(found or "ready")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
