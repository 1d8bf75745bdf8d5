"""What a run tells while it learns: to whoever watches, to a tracker, to Prometheus.

The tracker writes MLflow's file store (one folder per run; ``params``, ``metrics`` and ``tags`` of
plain text files; MLflow documentation, "Backend Stores"), so that ``mlflow ui`` shows runs
without MLflow being installed here: the package would bring a web server and sixty more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from foundation.kernel import WorldError

EXPERIMENT = "0"


@dataclass(frozen=True)
class Report:
    """How training gets on.

    Attributes
    ----------
    step, steps : int
    loss : float
        Training loss of the step, nats per token.
    tokens_per_second : float
        Since this process began to train.
    seconds_left : float
        At the pace so far.
    """

    step: int
    steps: int
    loss: float
    tokens_per_second: float
    seconds_left: float


Progress = Callable[[Report], None]


class Tracker(Protocol):
    """Receives what a run was given and what came of it."""

    def begin(self, run: str, parameters: Mapping[str, str]) -> None:
        """Open a run, or open it again."""
        ...

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Note metrics at a step."""
        ...

    def end(self, *, finished: bool) -> None:
        """Close the run."""
        ...


class NoTracker:
    """Receives everything and keeps nothing."""

    def begin(self, run: str, parameters: Mapping[str, str]) -> None: ...

    def log(self, step: int, metrics: Mapping[str, float]) -> None: ...

    def end(self, *, finished: bool) -> None: ...


class FileTracker:
    """MLflow's file store below a folder, and the last metrics as a Prometheus text file.

    Parameters
    ----------
    root : Path
        What ``mlflow ui --backend-store-uri`` is given.
    textfile : Path, optional
        Read by Prometheus' node exporter (its textfile collector).
    """

    def __init__(self, root: Path, textfile: Path | None = None) -> None:
        self.root, self.textfile = Path(root), textfile
        self._run: Path | None = None
        self._began = 0

    def begin(self, run: str, parameters: Mapping[str, str]) -> None:
        """Open a run under a name of 32 letters or fewer."""
        self._began = _now()
        experiment = self.root / EXPERIMENT
        self._run = experiment / run[:32]
        self._write(
            experiment / "meta.yaml",
            {
                "artifact_location": experiment.absolute().as_uri(),
                "experiment_id": EXPERIMENT,
                "lifecycle_stage": "active",
                "name": "Default",
            },
        )
        for name in ("metrics", "params", "tags", "artifacts"):
            self._make(self._run / name)
        with _writable(self._run):
            for name, value in parameters.items():
                (self._run / "params" / name).write_text(value, encoding="utf-8")
            (self._run / "tags" / "mlflow.runName").write_text(run[:12], encoding="utf-8")
        self._meta(1, None)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Append ``time value step`` to each metric's file; renew the text file."""
        assert self._run is not None, "begin comes first"
        with _writable(self._run):
            for name, value in metrics.items():
                with (self._run / "metrics" / name).open("a", encoding="utf-8") as file:
                    file.write(f"{_now()} {value} {step}\n")
            if self.textfile is not None:
                self._expose(step, metrics)

    def end(self, *, finished: bool) -> None:
        """Note that the run has ended."""
        if self._run is not None:
            self._meta(3 if finished else 4, _now())

    def _meta(self, status: int, ended: int | None) -> None:
        """Write a run's meta.yaml; statuses as in MLflow: 1 running, 3 finished, 4 failed."""
        assert self._run is not None
        self._write(
            self._run / "meta.yaml",
            {
                "artifact_uri": (self._run / "artifacts").absolute().as_uri(),
                "end_time": ended,
                "entry_point_name": "",
                "experiment_id": EXPERIMENT,
                "lifecycle_stage": "active",
                "run_id": self._run.name,
                "run_name": self._run.name[:12],
                "run_uuid": self._run.name,
                "source_name": "",
                "source_type": 4,
                "source_version": "",
                "start_time": self._began,
                "status": status,
                "tags": [],
                "user_id": "story",
            },
        )

    def _expose(self, step: int, metrics: Mapping[str, float]) -> None:
        from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

        assert self.textfile is not None
        registry = CollectorRegistry()
        told = {**metrics, "step": float(step)}
        for name, value in told.items():
            Gauge(f"story_training_{name}", f"Training: {name}", registry=registry).set(value)
        self._make(self.textfile.parent)
        write_to_textfile(str(self.textfile), registry)

    def _write(self, path: Path, document: Mapping[str, object]) -> None:
        """Write YAML: every line of JSON values is YAML too."""
        self._make(path.parent)
        lines = [f"{name}: {json.dumps(value)}" for name, value in document.items()]
        with _writable(path):
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _make(self, folder: Path) -> None:
        with _writable(folder):
            folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """Say in words that the disk refuses."""
    try:
        yield
    except OSError as error:
        raise WorldError(
            f"The tracker's folder must be writable ({error.strerror})",
            value=str(path),
            remedy="free disk space, or choose another folder with --store",
        ) from error


def _now() -> int:
    """Return milliseconds since 1970, as MLflow keeps time. They decide nothing."""
    return int(time.time() * 1000)
