"""`python -m benchmarks`: every measurement, one after the other."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

NOT_MEASUREMENTS = {"__init__", "__main__", "corpus", "labelled", "peer"}


def main() -> None:
    """Run each module of this package that is a measurement, in a process state of its own."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in NOT_MEASUREMENTS and not path.stem.startswith("train_"):
            print(f"== {path.stem}", flush=True)
            sys.argv = [path.stem]
            runpy.run_module(f"benchmarks.{path.stem}", run_name="__main__")


if __name__ == "__main__":
    main()
