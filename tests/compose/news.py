"""A news site in a container of its own; it has as many stories as a file says, which grows while it runs."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from news_site import NewsSite, numbered  # type: ignore[import-not-found]

COUNT = Path("/tmp/count")

COUNT.write_text("0")
with NewsSite([], "0.0.0.0", 8000, "news") as site:
    while threading.main_thread().is_alive():
        wanted = int(COUNT.read_text() or 0)
        if wanted > len(site.stories):
            site.stories += numbered(wanted)[len(site.stories) :]
        time.sleep(0.2)
