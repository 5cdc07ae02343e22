"""`python -m tests`: every test, in two processes side by side.

The tests against the real Kafka and Elasticsearch mostly wait, and the others mostly compute, so together they take
little longer than the longer of the two. Options are handed on to both. The exit status is 0 only where both passed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVERS = (
    "tests/real_stack",
    "tests/contracts/test_stream_kafka.py",
    "tests/contracts/test_index_elasticsearch.py",
    "tests/end_to_end/test_notify.py",
    "tests/end_to_end/test_servers.py",
)
"""What needs the real servers, which one process starts once."""


def main() -> int:
    """Run both parts; the output of the second is shown after the first's."""
    options = sys.argv[1:]
    pytest = [sys.executable, "-m", "pytest", *options]
    with tempfile.TemporaryFile() as output:
        beside = subprocess.Popen([*pytest, *SERVERS], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            ignored = [f"--ignore={path}" for path in SERVERS]
            others = subprocess.run([*pytest, "tests", *ignored], cwd=ROOT, check=False).returncode
            servers = beside.wait()
        finally:
            beside.terminate()
        output.seek(0)
        sys.stdout.flush()
        sys.stdout.buffer.write(output.read())
    return others or servers


if __name__ == "__main__":
    sys.exit(main())
