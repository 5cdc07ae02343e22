"""Starts Elasticsearch on the loopback with the settings among the environment's variables, and the gate before it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import gate  # type: ignore[import-not-found]

_HOME = "/usr/share/elasticsearch"
_NOT_HERE = ("xpack.", "ingest.")
"""Settings of modules that the published jars do not have; the gate stands in for security."""

password = os.environ.get("ELASTIC_PASSWORD")
if not password or dict(os.environ).get("xpack.security.enabled") != "true":
    sys.exit("ELASTIC_PASSWORD and xpack.security.enabled are needed")
settings = {name: value for name, value in os.environ.items() if "." in name and not name.startswith(_NOT_HERE)}
settings |= {
    "http.port": "9201",
    "network.host": "127.0.0.1",
    "cluster.routing.allocation.disk.threshold_enabled": "false",
}
# Memory is locked only where the engine may raise that limit, which the gate's machine need not allow.
settings.pop("bootstrap.memory_lock", None)
lines = "".join(f"{name}: {value}\n" for name, value in settings.items())
Path(_HOME, "config", "elasticsearch.yml").write_text(lines)
classpath = f"{_HOME}/lib/*:/opt/launcher"
options = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
options += ["--enable-native-access=ALL-UNNAMED", f"-Des.path.home={_HOME}"]
server = subprocess.Popen(["/opt/java/bin/java", *options, "-cp", classpath, "ElasticsearchLauncher", _HOME])
signal.signal(signal.SIGTERM, lambda *_: server.terminate())
threading.Thread(target=gate.serve, args=(9200, 9201, password, f"{_HOME}/data/users.json"), daemon=True).start()
sys.exit(server.wait())
