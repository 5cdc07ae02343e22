"""A real Elasticsearch: one node of the published server without its optional modules."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
import zipfile
from pathlib import Path

from tests.real_stack.jars import ELASTICSEARCH, ELASTICSEARCH_HTTP, JAVA, CannotStart, compiled, jars, joined
from tests.real_stack.server import Server, free_ports

_VERSION = ELASTICSEARCH.rpartition(":")[2]

_LOGGING = """\
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""

_LIBZSTD = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib/x86_64-linux-gnu")


class ElasticsearchServer(Server):
    """Elasticsearch, without security: what is optional in the distribution is not among the published jars."""

    name = "Elasticsearch"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self._transport = free_ports(2)
        self._lay_out(jars(ELASTICSEARCH, ELASTICSEARCH_HTTP))

    @property
    def address(self) -> str:
        """Address of its HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def _lay_out(self, all_jars: list[Path]) -> None:
        for name in ("config", "plugins", "data", "logs"):
            (self.folder / name).mkdir()
        settings = {
            "cluster.name": "quotewire-test",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": self._transport,
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            # Its clock for how long deleted documents are remembered, which tests cannot wait for.
            "thread_pool.estimated_time_interval": "5ms",
        }
        lines = "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())
        (self.folder / "config" / "elasticsearch.yml").write_text(lines)
        (self.folder / "config" / "log4j2.properties").write_text(_LOGGING)
        self._lay_out_libraries(all_jars)

    def _lay_out_libraries(self, all_jars: list[Path]) -> None:
        http = [jar for jar in all_jars if jar.name.startswith(("netty-", "transport-netty4"))]
        self.library = [jar for jar in all_jars if jar not in http]
        """Its own jars, without those of its HTTP."""
        # The server looks for its own jars and its native library in its home.
        (self.folder / "lib" / "platform" / "linux-x64").mkdir(parents=True)
        shutil.copy(_libzstd(), self.folder / "lib" / "platform" / "linux-x64" / "libzstd.so")
        for jar in self.library:
            (self.folder / "lib" / jar.name).symlink_to(jar)
        self._module("transport-netty4", "org.elasticsearch.transport.netty4.Netty4Plugin", http)
        english = self.folder / "english.jar"
        with zipfile.ZipFile(english, "w") as archive:
            for file in compiled("EnglishAnalysis.java", self.library).glob("*.class"):
                archive.write(file, file.name)
        self._module("english-analysis", "EnglishAnalysis", [english])

    def _module(self, name: str, plugin: str, its_jars: list[Path]) -> None:
        folder = self.folder / "modules" / name
        folder.mkdir(parents=True)
        for jar in its_jars:
            shutil.copy(jar, folder / jar.name)
        (folder / "plugin-descriptor.properties").write_text(
            f"name={name}\ndescription={name}\nversion={_VERSION}\nelasticsearch.version={_VERSION}\n"
            f"java.version=21\nclassname={plugin}\nhas.native.controller=false\nextended.plugins=\n"
        )

    def command(self) -> list[str]:
        """See `Server`."""
        launcher = compiled("ElasticsearchLauncher.java", self.library)
        options = ["-Xms384m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
        options += ["--enable-native-access=ALL-UNNAMED", f"-Des.path.home={self.folder}"]
        classpath = joined([*self.library, launcher])
        return [JAVA, *options, "-cp", classpath, "ElasticsearchLauncher", str(self.folder)]

    def is_ready(self) -> bool:
        """See `Server`."""
        try:
            with urllib.request.urlopen(f"{self.address}/_cluster/health?wait_for_status=yellow", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _libzstd() -> Path:
    for folder in _LIBZSTD:
        found = Path(folder) / "libzstd.so.1"
        if found.exists():
            return found.resolve()
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        if "libzstd.so.1" in line:
            return Path(line.rpartition("=> ")[2].strip()).resolve()
    raise CannotStart(
        "Elasticsearch needs the system's libzstd.so.1, which every Debian and Ubuntu has; it is not here"
    )
