"""The command line `quotewire`."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from quotewire.cli import (
    annotate,
    audit,
    browse,
    dead,
    doctor,
    feeds,
    health,
    notify,
    parse,
    replay,
    run,
    setup,
    stories,
    sweep,
    watch,
)
from quotewire.cli.output import AWAY, MISUSED, complain, out
from quotewire.ports import ConfigurationError, Rejected, Unavailable

app = typer.Typer(
    name="quotewire",
    help="News feeds in; who is in the news and who said what about whom out.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
run.register(app)
setup.register(app)
parse.register(app)
annotate.register(app)
browse.register(app)
stories.register(app)
app.add_typer(feeds.app, name="feeds")
app.add_typer(watch.app, name="watch")
app.add_typer(notify.app, name="notify")
app.add_typer(dead.app, name="dead")
doctor.register(app)
audit.register(app)
sweep.register(app)
replay.register(app)
health.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        out.print(f"quotewire {version('quotewire')}")
        raise typer.Exit


@app.callback()
def _global(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit with its status; a user's mistake is one line, never a stack trace."""
    # Quiet ends where the reader has gone: `quotewire quotes | head`.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app()
    except ConfigurationError as error:
        complain(str(error))
        sys.exit(MISUSED)
    except Unavailable as error:
        complain(str(error))
        sys.exit(AWAY)
    except Rejected as error:
        complain(str(error))
        sys.exit(1)
