"""Compressed bodies, honest and not."""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.decoding import ACCEPT_ENCODING, BodyTooLong, BodyUnreadable, Decoded, decode

TEXT = b"<rss><channel><title>The Ashmere Courier</title></channel></rss>" * 40
LIMIT = 1_000_000


def bare_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush()


ENCODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}


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
        ("gzip, br", brotli.compress(gzip.compress(TEXT))),
        ("identity", TEXT),
        ("", TEXT),
        ("utf-8", TEXT),
        ("", gzip.compress(TEXT)),
    ],
)
def test_every_encoding_is_undone(name: str, body: bytes) -> None:
    assert decode(body, name, limit=LIMIT) == Decoded(TEXT)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_text_that_is_said_to_be_compressed_is_taken_as_it_is(name: str) -> None:
    assert decode(TEXT, name, limit=LIMIT).body == TEXT


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_neither_compressed_nor_text_is_refused(name: str) -> None:
    with pytest.raises(BodyUnreadable, match=name):
        decode(b"\x91\x92\x93" * 40, name, limit=LIMIT)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_what_came_of_a_body_that_is_cut_off_is_kept(name: str) -> None:
    text = bytes(range(256)) * 400
    body = ENCODERS[name](b"<rss>" + text)
    result = decode(body[: len(body) * 2 // 3], name, limit=LIMIT)
    assert not result.complete
    assert (b"<rss>" + text).startswith(result.body)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_a_bomb_is_stopped(name: str) -> None:
    with pytest.raises(BodyTooLong, match="10,000"):
        decode(ENCODERS[name](b"\0" * 5_000_000), name, limit=10_000)


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


def zstd_frame(data: bytes) -> bytes:
    """A frame of one raw block (RFC 8878, 3.1.1): valid zstd, made without an encoder. At most 255 bytes."""
    block = (len(data) << 3 | 1).to_bytes(3, "little")
    return b"\x28\xb5\x2f\xfd" + b"\x20" + bytes([len(data)]) + block + data


def test_zstd_is_undone_where_it_was_asked_for_and_named_where_not() -> None:
    text = TEXT[:200]
    known = any(
        importlib.util.find_spec(package) and importlib.util.find_spec(f"{package}.zstd")
        for package in ("compression", "backports")
    )
    assert ("zstd" in ACCEPT_ENCODING) == known
    if known:
        assert decode(zstd_frame(text), "zstd", limit=LIMIT) == Decoded(text)
        assert not decode(zstd_frame(text)[:-20], "zstd", limit=LIMIT).complete
    else:
        with pytest.raises(BodyUnreadable, match="zstd"):
            decode(zstd_frame(text), "zstd", limit=LIMIT)
