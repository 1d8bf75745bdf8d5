"""Two runs from empty stores, the second in a process with another hash seed, are the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from foundation.contracts import ArtefactRef
from foundation.kernel import WorldError
from foundation.runtime import InProcessBus, Runner
from foundation.storage import ArtefactStore
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.sources import open_source
from stage_10_integration.verification.differences import first_difference
from stage_10_integration.verification.verdict import Comparison, Rewire, Say, Verdict

_TWICE = "two runs from empty stores give the same content hashes"


def verify_replay(
    settings: HouseSettings,
    *,
    until: str = wiring.BRIEF,
    rewire: Rewire | None = None,
    say: Say = lambda words: None,
) -> Verdict:
    """Return whether two runs from empty stores give the same content hashes.

    The second run happens in a fresh interpreter with another hash seed, unless ``rewire`` (which
    cannot travel there) is given.
    """
    with tempfile.TemporaryDirectory(prefix="story-replay-") as folder:
        say("first run from an empty store")
        one = outputs(settings, Path(folder) / "one", until, rewire)
        say("second run from an empty store")
        if rewire is None:
            other = _outputs_elsewhere(settings, Path(folder) / "two", until)
        else:
            other = outputs(settings, Path(folder) / "two", until, rewire)
        for step, ref in one.items():
            if other[step] != ref:
                where = _replay_difference(Path(folder), settings, step, ref, other[step])
                return Verdict("replay", (Comparison(_TWICE, tuple(one), step, where),))
    return Verdict("replay", (Comparison(_TWICE, tuple(one)),))


def outputs(
    settings: HouseSettings, folder: Path, until: str, rewire: Rewire | None = None
) -> dict[str, ArtefactRef]:
    """Run in a store of one's own and return references to every output, by step."""
    store = ArtefactStore(folder)
    plan = wiring.build_plan(settings, open_source(settings), store)
    plan = (rewire(plan) if rewire else plan).until(until)
    return Runner(store, InProcessBus(), attempts=1).run(plan).outputs


def _outputs_elsewhere(settings: HouseSettings, folder: Path, until: str) -> dict[str, ArtefactRef]:
    script = (
        "import sys; from pathlib import Path;"
        "from stage_10_integration.verification.replay import outputs_as_json;"
        "print(outputs_as_json(sys.stdin.read(), Path(sys.argv[1]), sys.argv[2]))"
    )
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), until],
        input=settings.model_dump_json(),
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorldError(
            "The second run of a replay finishes like the first",
            value=done.stderr[-400:],
            remedy="run `story run` and read its error",
        )
    document = json.loads(done.stdout.splitlines()[-1])
    return {step: ArtefactRef.model_validate(ref) for step, ref in document.items()}


def outputs_as_json(settings: str, folder: Path, until: str) -> str:
    """Run with settings given as JSON and return references to every output as JSON."""
    made = outputs(HouseSettings.model_validate_json(settings), folder, until)
    return json.dumps({step: ref.model_dump() for step, ref in made.items()})


def _replay_difference(
    folder: Path, settings: HouseSettings, step: str, one: ArtefactRef, other: ArtefactRef
) -> str:
    store = ArtefactStore(folder / "one")
    kind = wiring.build_plan(settings, open_source(settings), store).step(step).makes
    first = store.get(one.content_hash, kind)
    second = ArtefactStore(folder / "two").get(other.content_hash, kind)
    return first_difference(first, second) or "its ancestry alone"
