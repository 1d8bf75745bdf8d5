"""Claim: no malformed file or line makes a parser crash or lose a row unsaid.

Every input is a valid file, sheet or message with some bytes, cells or fields changed, removed or
put in. A parser must end in data or in a documented error, and its counts must add up; anything
else is a failure. Vendors' JSON answers are the subject of ``vendor_fuzz.py``.

    .venv/bin/python benchmarks/fuzz_parsers.py --inputs 20000
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.stage_01_data_engine.files.parser_fuzz import PARSERS


def main() -> int:
    """Print the outcomes per parser; return 1 if any input broke one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--only", choices=PARSERS, help="one parser, not all")
    asked = parser.parse_args()
    warnings.simplefilter("error", RuntimeWarning)
    broken = 0
    print("| parser | inputs | data | documented error | failures | seconds |")
    print("|---|---|---|---|---|---|")
    for name in [asked.only] if asked.only else PARSERS:
        began, ends = time.perf_counter(), Counter[str]()
        with TemporaryDirectory() as folder:
            for seed in range(asked.inputs):
                try:
                    data = PARSERS[name](Random(seed), Path(folder))
                    ends["data" if data else "error"] += 1
                except Exception as error:
                    ends["failure"] += 1
                    shown = f"{type(error).__name__}: {error}"
                    print(f"{name}, seed {seed}: {shown[:300]}", file=sys.stderr)
        broken += ends["failure"]
        seconds = time.perf_counter() - began
        told = f"{ends['data']} | {ends['error']} | {ends['failure']} | {seconds:.0f}"
        print(f"| {name} | {asked.inputs} | {told} |", flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
