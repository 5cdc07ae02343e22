"""Bodies as they travel (gzip, deflate, br, zstd) to bodies as they are meant, never longer than a limit."""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_STEP = 1 << 20
_MAX_LAYERS = 3
_MAX_PARTS = 256
_AT_ONCE = 100_000
_ZSTD: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
"""A window of 8 MB at the most, which is what RFC 9659 lets servers use; a frame may ask for gigabytes."""


class BodyTooLong(ValueError):
    """Decompressed, the body is longer than the limit."""


class BodyUnreadable(ValueError):
    """The body is not in the encoding that it claims, or in one that nobody can read."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decompressed body; `complete` is False where its end was missing."""

    body: bytes
    complete: bool = True


def decode(body: bytes, content_encoding: str, *, limit: int) -> Decoded:
    """Undo a Content-Encoding. limit: the most bytes that may come out, of every layer.

    A body that claims to be compressed and plainly is not is taken as it is, for some servers say gzip and send text;
    so is an encoding that servers make up (`utf-8`, `none`). Raises BodyTooLong and BodyUnreadable.
    """
    names = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
    layers = [name for name in reversed(names) if name in _DECODERS]
    unreadable = next((name for name in names if name in ("compress", "dcb", "dcz")), None)
    if unreadable:
        raise BodyUnreadable(f"sent in the encoding {unreadable}, which was not asked for")
    if len(layers) > _MAX_LAYERS:
        raise BodyUnreadable(f"compressed {len(layers)} times over")
    if not layers and body.startswith(b"\x1f\x8b"):
        # A gzip file put on the server as it is.
        layers = ["gzip"]
    result = Decoded(body)
    for name in layers:
        step = _DECODERS[name](result.body, limit)
        result = Decoded(step.body, step.complete and result.complete)
    if len(result.body) > limit:
        raise BodyTooLong(f"longer than {limit:,} bytes")
    return result


async def decode_beside(body: bytes, content_encoding: str, *, limit: int) -> Decoded:
    """As `decode`, but on a thread where that may take longer than an event loop can spare."""
    if len(body) <= _AT_ONCE:
        return decode(body, content_encoding, limit=limit)
    return await asyncio.to_thread(decode, body, content_encoding, limit=limit)


def _gzip(body: bytes, limit: int) -> Decoded:
    return _zlib_members(body, limit, 31) if body.startswith(b"\x1f\x8b") else _as_it_is(body, "gzip")


def _deflate(body: bytes, limit: int) -> Decoded:
    # RFC 9110 means the zlib format by this name; some servers send bare deflate data (RFC 1951) instead.
    with_header = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    try:
        return _zlib_members(body, limit, 15 if with_header else -15)
    except BodyUnreadable:
        return _as_it_is(body, "deflate")


def _zlib_members(body: bytes, limit: int, window: int) -> Decoded:
    out = bytearray()
    for _ in range(_MAX_PARTS):
        decoder = zlib.decompressobj(window)
        while body and not decoder.eof:
            try:
                out += decoder.decompress(body, _STEP)
            except zlib.error as error:
                if out:
                    return Decoded(bytes(out), complete=False)
                raise BodyUnreadable(f"damaged: {error}") from None
            if len(out) > limit:
                raise BodyTooLong(f"longer than {limit:,} bytes when decompressed")
            body = decoder.unconsumed_tail
        if not decoder.eof:
            out += decoder.flush()
            return Decoded(bytes(out), complete=False)
        # gzip files may follow each other (RFC 1952); anything else after the end is padding.
        body = decoder.unused_data
        if window != 31 or not body.startswith(b"\x1f\x8b"):
            return Decoded(bytes(out))
    raise _too_many_parts()


def _too_many_parts() -> BodyUnreadable:
    # The rest is copied for each part, so the time grows with the square of their number.
    return BodyUnreadable(f"made of more than {_MAX_PARTS} compressed parts")


def _brotli(body: bytes, limit: int) -> Decoded:
    decoder = brotli.Decompressor()
    out = bytearray()
    data = body
    try:
        while not decoder.is_finished():
            piece = decoder.process(data, output_buffer_limit=_STEP)
            out += piece
            if len(out) > limit:
                raise BodyTooLong(f"longer than {limit:,} bytes when decompressed")
            data = b""
            if not piece and decoder.can_accept_more_data():
                return Decoded(bytes(out), complete=False)
    except brotli.error:
        return Decoded(bytes(out), complete=False) if out else _as_it_is(body, "br")
    return Decoded(bytes(out))


def _as_it_is(body: bytes, name: str) -> Decoded:
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"<", b"{", b""):
        return Decoded(body)
    raise BodyUnreadable(f"said to be {name} and is not")


def _zstandard(body: bytes, limit: int) -> Decoded:
    out = bytearray()
    data = body
    parts = 1
    decoder = zstd.ZstdDecompressor(options=_ZSTD)
    try:
        while True:
            piece = decoder.decompress(data, max_length=_STEP)
            out += piece
            if len(out) > limit:
                raise BodyTooLong(f"longer than {limit:,} bytes when decompressed")
            data = b""
            if decoder.eof:
                data = decoder.unused_data
                if not data.startswith(b"\x28\xb5\x2f\xfd"):
                    return Decoded(bytes(out))
                parts += 1
                if parts > _MAX_PARTS:
                    raise _too_many_parts()
                decoder = zstd.ZstdDecompressor(options=_ZSTD)
            elif decoder.needs_input:
                return Decoded(bytes(out), complete=False)
    except zstd.ZstdError:
        return Decoded(bytes(out), complete=False) if out else _as_it_is(body, "zstd")


_DECODERS: dict[str, Callable[[bytes, int], Decoded]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstandard,
}

ACCEPT_ENCODING = ", ".join(name for name in _DECODERS if name != "x-gzip")
"""What to send as Accept-Encoding."""
