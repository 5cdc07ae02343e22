"""`quotewire setup`: what servers need before the pipeline runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer

from quotewire.cli.output import MISUSED, err, fail, out
from quotewire.ports import ConfigurationError, Prepared, Unavailable
from quotewire.seed_files import kibana_objects
from quotewire.settings import Settings, load, variable
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring

_RETRY_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(setup)


def setup(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PART]...", help="Any of: topics, security, index, kibana; all that is set where none is given."
        ),
    ] = None,
) -> None:
    """Make ready what the pipeline needs of its servers, and say what was done; again, it
    changes nothing, but that Kibana's dashboards are loaded anew.

    Topics with their partitions and retention; a user for the pipeline's parts and Kibana's password in Elasticsearch,
    where the settings hold passwords for them; index templates and indices; dashboards, where the settings name a
    Kibana. A server that is away is waited for.

    **Examples**

    `quotewire setup` — all that is set

    `quotewire setup topics index` — what `quotewire run` does too, when it starts
    """
    settings = load()
    configure_logging(settings.log_level, settings.log_format)
    unknown = sorted(set(parts or ()) - set(PARTS))
    if unknown:
        fail(f"there is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}", MISUSED)
    chosen = [name for name in PARTS if (name in parts if parts else _is_set(name, settings))]
    with Wiring(settings) as wiring:
        for name in chosen:
            for prepared in _once_there(lambda part=PARTS[name]: part(wiring)):  # type: ignore[misc]
                out.print(f"{prepared.done:9}  {prepared.what}")


def _once_there(make: Callable[[], Iterable[Prepared]]) -> Sequence[Prepared]:
    """What was done, as soon as the server is there; what is begun again goes on from where it was."""
    waiting = False
    while True:
        try:
            return list(make())
        except Unavailable as error:
            if not waiting:
                err.print(f"Waiting: {error}")
            waiting = True
            time.sleep(_RETRY_SECONDS)


def _is_set(part: str, settings: Settings) -> bool:
    return {
        "security": bool(settings.setup_password or settings.setup_kibana_password),
        "kibana": bool(settings.kibana),
    }.get(part, True)


def _security(wiring: Wiring) -> Iterable[Prepared]:
    settings = wiring.settings
    if not (settings.setup_password or settings.setup_kibana_password):
        raise ConfigurationError(
            f"no user to make: set {variable('setup_password')} or {variable('setup_kibana_password')}"
        )
    security = wiring.security()
    if settings.setup_kibana_password:
        yield security.set_kibana_password(settings.setup_kibana_password.get_secret_value())
    if settings.setup_password:
        yield from security.make_user(settings.setup_user, settings.setup_password.get_secret_value())


def _kibana(wiring: Wiring) -> Iterable[Prepared]:
    yield wiring.kibana().load(kibana_objects())


PARTS: dict[str, Callable[[Wiring], Iterable[Prepared]]] = {
    "topics": Wiring.prepared_stream,
    "security": _security,
    "index": Wiring.prepared_index,
    "kibana": _kibana,
}
"""What can be made ready, in the order in which it is."""
