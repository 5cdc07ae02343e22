"""Fetches whose outcome a test knows beforehand."""

from __future__ import annotations

from producers.answers import Fetched, FetchProblem
from producers.fetch import Fetcher


async def fetched(fetcher: Fetcher, url: str, **options: str) -> Fetched:
    answer = await fetcher.fetch(url, **options)  # type: ignore[arg-type]
    assert isinstance(answer, Fetched), answer
    return answer


async def refused(fetcher: Fetcher, url: str) -> FetchProblem:
    answer = await fetcher.fetch(url)
    assert isinstance(answer, FetchProblem), answer
    return answer
