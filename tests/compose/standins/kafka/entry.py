"""What apache/kafka's entry point does: KAFKA_A_B becomes the property a.b, storage is formatted once, Kafka starts.

In the rest of a name `___` stands for `-`, and `__` for `_`. Some variables are the start script's own.
"""

import os
import sys
from pathlib import Path

_OF_THE_SCRIPTS = {"KAFKA_HEAP_OPTS", "KAFKA_OPTS", "KAFKA_JMX_OPTS", "KAFKA_LOG4J_OPTS"}
_NEEDED = ("process.roles", "node.id", "listeners", "controller.listener.names", "controller.quorum.voters", "log.dirs")
_FILE = "/opt/kafka/config/server.properties"


def _property(variable: str) -> str:
    name = variable.removeprefix("KAFKA_").lower()
    return name.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")


properties = {
    _property(name): value
    for name, value in os.environ.items()
    if name.startswith("KAFKA_") and name not in _OF_THE_SCRIPTS
}
missing = [name for name in _NEEDED if name not in properties]
if missing or "CLUSTER_ID" not in os.environ:
    sys.exit(f"not set: {', '.join(missing) or 'CLUSTER_ID'}")
Path(_FILE).write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
java = ["/opt/java/bin/java", *os.environ.get("KAFKA_HEAP_OPTS", "").split(), "-XX:+UseSerialGC"]
java += ["-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", "/opt/kafka/libs/*"]
formatting = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
if os.spawnv(os.P_WAIT, java[0], [*formatting, "-t", os.environ["CLUSTER_ID"], "-c", _FILE]):
    sys.exit("the storage could not be formatted")
os.execv(java[0], [*java, "kafka.Kafka", _FILE])
