"""Requests that change something: nobody but the page itself may make them.

A browser sends what another site tells it to, cookies included. So a form must come from our own origin, and carry the
token that its page was given in a cookie that is never sent across sites (“double submit”:
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html). The JSON twin
takes only JSON, which no form can send and no script of another site may.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import orjson
from fastapi import Depends, HTTPException, Request
from fastapi.responses import Response

COOKIE = "quotewire-form"
LARGEST_BODY = 256 * 1024
"""Bytes of a form or a JSON document."""

Fields = Mapping[str, Sequence[str]]


def form_token(request: Request) -> str:
    """The token for the forms of the page that answers this request."""
    token: str = request.state.form_token
    return token


def begin(request: Request) -> None:
    """Give a request its token: the one that its browser has, or a new one."""
    request.state.form_token = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)


def keep_token(request: Request, response: Response) -> None:
    """Let the browser keep the token of the page that it is shown."""
    shows_page = response.headers.get("content-type", "").startswith("text/html")
    if shows_page and request.cookies.get(COOKIE) != request.state.form_token:
        response.set_cookie(COOKIE, request.state.form_token, httponly=True, samesite="strict", path="/")


async def posted_form(request: Request) -> Fields:
    """The fields of a form that our own page has sent. Raises HTTPException for any other."""
    _same_origin(request)
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form must be sent as a form.")
    try:
        fields = parse_qs((await _body(request)).decode(), keep_blank_values=True, max_num_fields=1_000)
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    sent, kept = fields.get("token", [""])[0], request.cookies.get(COOKIE, "")
    if not kept or not hmac.compare_digest(sent.encode(), kept.encode()):
        raise HTTPException(403, "This form is too old, or was not sent by this page: go back, reload it, try again.")
    return fields


async def posted_json(request: Request) -> dict[str, Any]:
    """The object that a program has sent. Raises HTTPException where it is none, or came through another site."""
    _same_origin(request)
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "Send JSON, with Content-Type: application/json.")
    try:
        document = orjson.loads(await _body(request))
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"That is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise HTTPException(422, "Send one JSON object.")
    return document


def same_origin(request: Request) -> None:
    """Raises HTTPException where a browser says that another site has made the request."""
    _same_origin(request)


def _same_origin(request: Request) -> None:
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none") or (origin is not None and urlsplit(origin).netloc != host):
        raise HTTPException(403, "Another site may change nothing here.")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, "That is too long.")
    return body


def first(fields: Fields, name: str) -> str:
    """The first value of a field, without space around it; empty where there is none."""
    return fields.get(name, [""])[0].strip()


FormToken = Annotated[str, Depends(form_token)]
PostedForm = Annotated[Fields, Depends(posted_form)]
PostedJson = Annotated[dict[str, Any], Depends(posted_json)]
