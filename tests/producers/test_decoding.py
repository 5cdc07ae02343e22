"""Compressed bodies, honest and not."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import sys
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from producers.decoding import ACCEPT_ENCODING, BodyTooLong, BodyUnreadable, Decoded, decode, decode_beside

TEXT = b"<rss><channel><title>The Ashmere Courier</title></channel></rss>" * 40
LIMIT = 1_000_000


def bare_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush()


ENCODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
        ("gzip", gzip.compress(TEXT) + b"\0" * 12),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("br", brotli.compress(TEXT)),
        ("zstd", zstd.compress(TEXT)),
        ("zstd", zstd.compress(TEXT[:100]) + zstd.compress(TEXT[100:])),
        ("zstd, gzip", gzip.compress(zstd.compress(TEXT))),
        ("gzip, br", brotli.compress(gzip.compress(TEXT))),
        ("identity", TEXT),
        ("", TEXT),
        ("utf-8", TEXT),
        ("", gzip.compress(TEXT)),
    ],
)
def test_every_encoding_is_undone(name: str, body: bytes) -> None:
    assert decode(body, name, limit=LIMIT) == Decoded(TEXT)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_text_that_is_said_to_be_compressed_is_taken_as_it_is(name: str) -> None:
    assert decode(TEXT, name, limit=LIMIT).body == TEXT


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_neither_compressed_nor_text_is_refused(name: str) -> None:
    with pytest.raises(BodyUnreadable, match=name):
        decode(b"\x91\x92\x93" * 40, name, limit=LIMIT)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_what_came_of_a_body_that_is_cut_off_is_kept(name: str) -> None:
    text = bytes(range(256)) * 400
    body = ENCODERS[name](b"<rss>" + text)
    result = decode(body[: len(body) * 2 // 3], name, limit=LIMIT)
    assert not result.complete
    assert (b"<rss>" + text).startswith(result.body)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_a_bomb_is_stopped(name: str) -> None:
    with pytest.raises(BodyTooLong, match="10,000"):
        decode(ENCODERS[name](b"\0" * 5_000_000), name, limit=10_000)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_so_many_parts_are_read_and_no_more(name: str) -> None:
    part = ENCODERS[name](b"word ")
    assert decode(part * 256, name, limit=LIMIT) == Decoded(b"word " * 256)
    with pytest.raises(BodyUnreadable, match="made of more than 256 compressed parts"):
        decode(ENCODERS[name](b"") * 100_000, name, limit=LIMIT)


async def test_a_long_body_is_decompressed_without_holding_up_others() -> None:
    body = gzip.compress(os.urandom(8_000_000), compresslevel=1)
    waiting = asyncio.create_task(decode_beside(body, "gzip", limit=len(body)))
    turns = 0
    while not waiting.done():
        await asyncio.sleep(0)
        turns += 1
    assert len((await waiting).body) == 8_000_000
    assert turns > 3
    assert await decode_beside(gzip.compress(TEXT), "gzip", limit=LIMIT) == Decoded(TEXT)


def test_many_layers_are_refused() -> None:
    with pytest.raises(BodyUnreadable, match="4 times"):
        decode(TEXT, "gzip, gzip, gzip, gzip", limit=LIMIT)


@given(body=st.binary(max_size=300), name=st.sampled_from(["gzip", "deflate", "br", "br, gzip", "zstd", ""]))
def test_no_bytes_make_it_fail_otherwise(body: bytes, name: str) -> None:
    with contextlib.suppress(BodyTooLong, BodyUnreadable):
        assert len(decode(body, name, limit=10_000).body) <= 10_000


@given(body=st.binary(max_size=3_000), name=st.sampled_from(sorted(ENCODERS)))
def test_what_was_compressed_comes_back(body: bytes, name: str) -> None:
    if body:
        assert decode(ENCODERS[name](body), name, limit=LIMIT) == Decoded(body)


def test_every_encoding_is_asked_for() -> None:
    assert set(ACCEPT_ENCODING.split(", ")) == set(ENCODERS)


def test_a_zstd_frame_that_wants_gigabytes_of_memory_does_not_get_them() -> None:
    options: dict[int, int] = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    encoder = zstd.ZstdCompressor(options=options)
    body = encoder.compress(bytes(range(256)) * 200) + encoder.flush()
    with pytest.raises(BodyUnreadable, match="zstd"):
        decode(body, "zstd", limit=LIMIT)
