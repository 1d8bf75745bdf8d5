"""Prometheus metrics of the dashboard, in a registry of their own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from stage_08_decision_support.adapters.web.runs import RunView


class WebMetrics:
    """Counts and times requests by route (not by path, so that labels stay few)."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "story_web_requests_total", "Requests answered.", ("route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "story_web_request_seconds", "Time to answer.", ("route",), registry=self._registry
        )
        self._as_of = Gauge(
            "story_brief_as_of_seconds", "As-of moment of the brief shown, Unix time.",
            registry=self._registry,
        )  # fmt: skip
        self._run_seconds = Gauge(
            "story_run_seconds", "Wall-clock duration of the run shown.", registry=self._registry
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(route=route, status=str(status)).inc()
        self._seconds.labels(route=route).observe(seconds)

    def showing(self, view: RunView) -> None:
        """Note which run is on show."""
        self._as_of.set(view.brief.as_of.timestamp())
        self._run_seconds.set(view.run.seconds)

    def exposition(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self._registry)
