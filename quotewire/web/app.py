"""The web application: its routes, what every answer carries, and what is answered when something is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from quotewire.alert_ports import Inbox
from quotewire.desk import Desk
from quotewire.feed_views import FeedView
from quotewire.ports import ConfigurationError, Index, Unavailable
from quotewire.web import alert_api, alert_pages, api, pages, watch_pages
from quotewire.web.parameters import BadParameter
from quotewire.web.rendering import page
from quotewire.web.sources import FromSources, Sources
from quotewire.web.writing import begin, keep_token

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")
"""Names under which the page always answers."""

RETRY_SECONDS = 5
"""When to come back to a server that is away."""

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_WITH_KEYS = f"{_POLICY}; script-src 'self'; connect-src 'self'"
"""Of the inbox alone, whose keys are a script of ours."""

HEADERS = {
    # Nothing from elsewhere and no scripts at all: what a feed smuggles in could not run even if it got through.
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # Other sites learn nothing; our own forms must say where they come from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_log = structlog.get_logger()


def create_app(
    index: Index,
    *,
    feeds: Callable[[], Sequence[FeedView]],
    inbox: Inbox,
    desk: Desk,
    allowed_hosts: Sequence[str] = (),
) -> FastAPI:
    """The page over an index that is set up.

    `feeds` is asked anew for each request that shows them. `inbox` keeps how alerts are marked, `desk` edits the
    watchlist. `allowed_hosts` are further names under
    which the page may be asked; a request for any other is refused, so that no web site can read it through a name of
    its own that leads here (DNS rebinding).
    """
    app = FastAPI(
        title="Quotewire",
        version=version("quotewire"),
        description="Who is in the news, and who said what about whom.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.sources = Sources(index, feeds, inbox, desk)
    app.include_router(alert_api.router)
    app.include_router(alert_pages.router)
    app.include_router(watch_pages.router)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.add_api_route("/healthz", _health, methods=["GET"], include_in_schema=False)
    app.mount("/static", StaticFiles(packages=[("quotewire.web", "static")]), name="static")
    app.middleware("http")(_add_headers)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL_NAMES, *allowed_hosts], www_redirect=False)
    app.add_exception_handler(Unavailable, _on_unavailable)
    app.add_exception_handler(ConfigurationError, _on_misconfigured)
    app.add_exception_handler(BadParameter, _on_bad_parameter)
    app.add_exception_handler(StarletteHTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_error)
    return app


def _health(sources: FromSources) -> dict[str, object]:
    """Says that the page can answer; 503 where the index is away."""
    return {"status": "ok", **sources.index.counts()}


async def _add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    begin(request)
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers[name] = value
    if request.url.path == "/alerts" or request.url.path.startswith("/alerts/"):
        response.headers["Content-Security-Policy"] = _WITH_KEYS
    keep_token(request, response)
    versioned = request.url.path.startswith("/static/") and "v" in request.query_params
    response.headers.setdefault("Cache-Control", "max-age=31536000, immutable" if versioned else "no-cache")
    return response


def _on_unavailable(request: Request, error: Exception) -> Response:
    _log.warning("index unavailable", path=request.url.path, reason=str(error))
    return _message(
        request,
        503,
        "The index is away",
        f"{error}. Try again in a moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _on_misconfigured(request: Request, error: Exception) -> Response:
    _log.error("wrongly configured", path=request.url.path, reason=str(error))
    return _message(request, 500, "Something is set up wrongly", f"{error}.")


def _on_bad_parameter(request: Request, error: Exception) -> Response:
    return _message(request, 422, "That cannot be searched", str(error))


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    if error.status_code == 404 and not isinstance(error, HTTPException):
        return _message(request, 404, "No such page", "There is nothing at this address.")
    return _message(request, error.status_code, "That did not work", str(error.detail), dict(error.headers or {}))


def _on_error(request: Request, error: Exception) -> Response:
    _log.error("request failed", path=request.url.path, exc_info=error)
    # Answered outside of what adds the headers to every other answer.
    return _message(request, 500, "That went wrong", "This is a fault of ours; the log says more.", HEADERS)


def _message(
    request: Request, status: int, title: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """One clear line, as the asker reads it: JSON under /api and for a script of ours, else a page."""
    wants_json = request.headers.get("accept", "").startswith("application/json")
    if wants_json or request.url.path.startswith(("/api/", "/healthz")):
        return JSONResponse({"detail": message}, status_code=status, headers=headers)
    return page("message.html", status=status, headers=headers, here="", title=title, message=message)
