"""A Docker engine: the one that is there, or one of our own that ends with the tests.

On a Debian machine without an engine it is installed through apt, and started with a data folder in the user's cache,
so that the next run finds the layers of this one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.real_stack.jars import CACHE, CannotStart

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 90.0
_OLD_BUILDER = {"DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"}
"""The builder that every engine has: the newer one is a program of its own, which Debian does not have."""


class Engine:
    """Runs commands against one engine. `own`: it was started for the tests alone, so what is in it is ours."""

    def __init__(self, address: str | None, *, own: bool) -> None:
        self.own = own
        self._environment = {**os.environ, **_OLD_BUILDER, **({"DOCKER_HOST": address} if address else {})}
        self._compose = ["docker", "compose"] if _succeeds("docker", "compose", "version") else ["docker-compose"]

    def docker(self, *arguments: str, given: Path | None = None, check: bool = True, timeout: float = 900) -> str:
        """Run `docker`, with a file as its input where one is `given`; what it printed.

        Raises CannotStart with its last words where it fails and `check` is set.
        """
        return self._run(["docker", *arguments], Path.cwd(), given, check, timeout)

    def compose(self, folder: Path, *arguments: str, check: bool = True, timeout: float = 900) -> str:
        """Run compose in a folder, likewise."""
        return self._run([*self._compose, *arguments], folder, None, check, timeout)

    def has_image(self, name: str) -> bool:
        """Whether an image is there."""
        return bool(self.docker("image", "ls", "--quiet", name).strip())

    def _run(self, command: list[str], folder: Path, given: Path | None, check: bool, timeout: float) -> str:
        with (given or Path(os.devnull)).open("rb") as stdin:
            result = subprocess.run(
                command,
                cwd=folder,
                env=self._environment,
                stdin=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
            )
        if check and result.returncode:
            last = (result.stdout + result.stderr).strip()[-3000:]
            raise CannotStart(f"{' '.join(command[:8])} … ended with {result.returncode}:\n{last}")
        return result.stdout


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """An engine for the tests. Raises CannotStart where there is none and none can be started."""
    if _succeeds("docker", "info"):
        if not _succeeds("docker", "compose", "version"):
            install("docker-compose", "docker-compose")
        yield Engine(None, own=False)
        return
    if os.geteuid() != 0:
        raise CannotStart("no Docker engine answers, and only root can start one: start yours, or run this as root")
    for program, package in (("dockerd", "docker.io"), ("docker-compose", "docker-compose")):
        install(program, package)
    with _own_engine() as address:
        yield Engine(address, own=True)


@contextlib.contextmanager
def _own_engine() -> Iterator[str]:
    home = CACHE / "docker"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock, tempfile.TemporaryDirectory(prefix="quotewire-docker-") as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = Path(folder)
        address = f"unix://{running / 'docker.sock'}"
        # Ended with these tests, however they end; the image store is chosen by what the file system can do.
        command = ["setpriv", "--pdeathsig", "TERM", "dockerd", "--host", address]
        command += ["--data-root", str(home / "data"), "--exec-root", str(running / "exec")]
        command += ["--pidfile", str(running / "pid")]
        with (home / "log").open("w") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait_for(process, address, home / "log")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # The engine may leave the mount of its own network namespace behind.
            subprocess.run(["umount", str(running / "exec" / "netns" / "default")], capture_output=True, check=False)


def _wait_for(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while not _succeeds("docker", "info", DOCKER_HOST=address):
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").strip().splitlines()[-5:]
            raise CannotStart(f"dockerd did not start: {' | '.join(last)}")
        time.sleep(0.5)


def install(program: str, package: str) -> None:
    """Install a Debian package unless its program is there. Raises CannotStart."""
    if shutil.which(program):
        return
    apt = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        result = subprocess.run(["apt-get", *arguments], env=apt, capture_output=True, text=True, check=False)
        if result.returncode:
            raise CannotStart(
                f"{program} is missing, and apt-get {arguments[0]} failed: {result.stderr.strip()[-500:]}"
            )


def _succeeds(*command: str, **environment: str) -> bool:
    try:
        result = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0
