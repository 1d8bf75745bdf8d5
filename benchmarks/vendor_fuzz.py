"""Claim: no malformed answer of a vendor makes a source crash.

Every run is a whole conversation with an emulated vendor, one answer of which has one to three
parts replaced, removed, repeated or renamed. A documented error or data are in order; anything
else is a crash.

    .venv/bin/python benchmarks/vendor_fuzz.py --inputs 20000
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.stage_01_data_engine.vendors.vendor_fuzz import MAKERS, outcome


def main() -> int:
    """Print the outcomes per vendor; return 1 if any input crashed a source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--only", choices=MAKERS, help="one vendor, not all")
    asked = parser.parse_args()
    inputs = asked.inputs
    warnings.simplefilter("error", RuntimeWarning)
    crashed = 0
    for vendor in [asked.only] if asked.only else MAKERS:
        began, kinds = time.perf_counter(), Counter[str]()
        for seed in range(inputs):
            try:
                kinds[type(outcome(vendor, seed)).__name__] += 1
            except Exception as error:
                kinds["CRASH"] += 1
                print(f"{vendor} seed {seed}: {type(error).__name__}: {error}")
        crashed += kinds["CRASH"]
        seconds = time.perf_counter() - began
        print(f"{vendor}: {inputs} inputs in {seconds:.0f} s: {dict(kinds.most_common())}")
    return int(crashed > 0)


if __name__ == "__main__":
    sys.exit(main())
