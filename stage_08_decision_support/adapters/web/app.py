"""The FastAPI application: pages, API, health and metrics. Nothing is fetched from elsewhere."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup

from foundation.kernel import FinancialStoryError
from stage_08_decision_support.adapters.web import api, pages, static_files
from stage_08_decision_support.adapters.web.metrics import WebMetrics
from stage_08_decision_support.adapters.web.quantitative import (
    NotInRun,
    RegimeAnswer,
    TwinAnswer,
    TwinListAnswer,
    models_context,
    regime_answer,
    twin_answer,
    twin_list,
)
from stage_08_decision_support.adapters.web.runs import RunSource, RunView
from stage_08_decision_support.adapters.web.shelf import (
    NotOnShelf,
    ShelfAnswer,
    ShelfSource,
    ShelvedTwinAnswer,
    shelf_answer,
    shelf_context,
    shelved_twin_answer,
    shelved_twin_context,
)
from stage_08_decision_support.quality_report import (
    quality_document,
    quality_sections,
    quality_stylesheet,
)
from stage_08_decision_support.rendering.document import render_json
from stage_08_decision_support.rendering.templating import environment, stylesheet

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
DATA = ("/api/", "/models/twins", "/models/shelf", "/predictions/")
"""Addresses below which answers are JSON, errors included."""
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class UnknownInstrument(Exception):
    """Someone asked for a symbol that the run does not hold."""

    def __init__(self, symbol: str, view: RunView) -> None:
        super().__init__(symbol)
        self.symbol = symbol
        self.view = view


def as_script_data(value: Any) -> Markup:
    """Return JSON that can stand inside a ``script`` element: no ``<``, ``>`` or ``&`` in it."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def create_app(runs: RunSource, shelf: ShelfSource) -> FastAPI:
    """Return the dashboard over ``runs`` and the models on a shelf.

    Both are asked at every request, so a new brief or training shows without a restart.
    """
    app = FastAPI(
        title="Financial Story", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    metrics = WebMetrics()
    templates = environment()
    templates.filters["as_script_data"] = as_script_data
    templates.globals["addresses"] = static_files.addresses()

    def page(name: str, context: dict[str, Any], status: int = 200) -> HTMLResponse:
        text = templates.get_template(f"web/{name}.html").render(context)
        return HTMLResponse(text, status_code=status)

    def latest() -> RunView:
        view = runs.latest()
        metrics.showing(view)
        return view

    def known(symbol: str) -> tuple[RunView, str]:
        view = latest()
        by_spelling = {p.signal.symbol.lower(): p.signal.symbol for p in view.brief.instruments}
        if symbol.lower() not in by_spelling:
            raise UnknownInstrument(symbol, view)
        return view, by_spelling[symbol.lower()]

    _guard(app, metrics)
    _explain_failures(app, page)
    _serve_pages(app, page, latest, known)
    _serve_api(app, metrics, latest, known)
    _serve_shelf(app, page, shelf)
    _serve_files(app)
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=5)
    return app


Page = Callable[..., HTMLResponse]
Latest = Callable[[], RunView]
Known = Callable[[str], tuple[RunView, str]]


def _guard(app: FastAPI, metrics: WebMetrics) -> None:
    @app.middleware("http")
    async def measure_and_secure(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "unmatched")
        metrics.answered(route, response.status_code, time.perf_counter() - started)
        for name, value in SECURITY.items():
            response.headers[name] = value
        return response


def _explain_failures(app: FastAPI, page: Page) -> None:
    @app.exception_handler(UnknownInstrument)
    def unknown(request: Request, error: UnknownInstrument) -> Response:
        close = pages.suggestions(error.view, error.symbol)
        if request.url.path.startswith(DATA):
            return JSONResponse(
                {"rule": "The symbol must be part of the run", "value": error.symbol,
                 "remedy": f"ask for one of the run: {', '.join(close)}", "suggestions": close},
                status_code=404,
            )  # fmt: skip
        return page(
            "notice",
            {"title": "No such instrument", "suggestions": close, "view": error.view,
             "text": f"There is no instrument “{error.symbol}” in this run. Perhaps you meant:"},
            404,
        )  # fmt: skip

    @app.exception_handler(NotInRun)
    def absent(request: Request, error: NotInRun) -> Response:
        said = {"rule": error.rule, "value": error.value, "remedy": error.remedy}
        return JSONResponse(said, status_code=404)

    @app.exception_handler(NotOnShelf)
    def unshelved(request: Request, error: NotOnShelf) -> Response:
        close = pages.closest(error.symbol, error.known)
        if request.url.path.startswith(DATA):
            return JSONResponse(
                {"rule": "The stock has a twin on the shelf", "value": error.symbol,
                 "remedy": "train it: story train twins", "suggestions": close},
                status_code=404,
            )  # fmt: skip
        return page(
            "notice",
            {"title": "No such twin", "suggestions": close, "view": None, "below": "/shelf/",
             "text": f"No twin of “{error.symbol}” was trained. Perhaps you meant:"},
            404,
        )  # fmt: skip

    @app.exception_handler(404)
    def missing(request: Request, error: Exception) -> Response:
        if request.url.path.startswith((*DATA, "/static/")):
            return JSONResponse({"rule": "No such address", "value": request.url.path}, 404)
        return page(
            "notice",
            {"title": "No such page", "suggestions": (), "view": None,
             "text": "There is nothing at this address. The overview lists everything there is."},
            404,
        )  # fmt: skip

    @app.exception_handler(FinancialStoryError)
    def unavailable(request: Request, error: FinancialStoryError) -> Response:
        if request.url.path.startswith(DATA) or request.url.path == "/health":
            said = {"rule": error.rule, "remedy": error.remedy}
            return JSONResponse(said, status_code=503)
        return page(
            "notice",
            {"title": "There is nothing to show yet", "suggestions": (), "view": None,
             "text": f"{error.rule.rstrip('.')}. To do: {error.remedy.rstrip('.')}."},
            503,
        )  # fmt: skip


def _serve_pages(app: FastAPI, page: Page, latest: Latest, known: Known) -> None:
    @app.get("/", response_class=HTMLResponse)
    def overview() -> Response:
        view = latest()
        symbols = frozenset(p.signal.symbol for p in view.brief.instruments)
        strip = pages.market_strip(view)
        return page("overview", {"view": view, "strip": strip, "symbols": symbols})

    @app.get("/instrument/{symbol:path}", response_class=HTMLResponse)
    def instrument(symbol: str) -> Response:
        view, spelled = known(symbol)
        return page("instrument", pages.instrument_context(view, spelled))

    @app.get("/performance", response_class=HTMLResponse)
    def performance() -> Response:
        view = latest()
        report = view.brief.performance
        return page(
            "performance",
            {"view": view, "report": report, "days": pages.scored_days(report),
             "calibration": pages.calibration_by_series(report), "odds": view.brief.odds},
        )  # fmt: skip

    @app.get("/quality", response_class=HTMLResponse)
    def quality() -> Response:
        view = latest()
        # Both are made here; what a source says in them has been escaped.
        sections = Markup(quality_sections(view.market))
        return page(
            "quality", {"view": view, "sections": sections, "style": Markup(quality_stylesheet())}
        )

    @app.get("/models", response_class=HTMLResponse)
    def models() -> Response:
        return page("models", models_context(latest()))

    @app.get("/runs", response_class=HTMLResponse)
    def run_page() -> Response:
        return page("runs", {"view": latest()})


def _serve_api(app: FastAPI, metrics: WebMetrics, latest: Latest, known: Known) -> None:
    @app.get("/api/brief")
    def brief() -> Response:
        return Response(render_json(latest().brief), media_type="application/json")

    @app.get("/api/instruments")
    def instruments() -> JSONResponse:
        return JSONResponse(api.instruments(latest()))

    @app.get("/api/instruments/{symbol:path}")
    def instrument_data(symbol: str) -> JSONResponse:
        return JSONResponse(api.instrument(*known(symbol)))

    @app.get("/api/performance")
    def performance_data() -> Response:
        report = latest().brief.performance
        return Response(report.model_dump_json(), media_type="application/json")

    @app.get("/api/quality")
    def quality_data() -> JSONResponse:
        return JSONResponse(quality_document(latest().market))

    @app.get("/models/twins")
    def twins() -> TwinListAnswer:
        return twin_list(latest())

    @app.get("/models/twins/{symbol:path}")
    def twin(symbol: str) -> TwinAnswer:
        return twin_answer(*known(symbol))

    @app.get("/predictions/{symbol:path}/regime")
    def regime(symbol: str) -> RegimeAnswer:
        return regime_answer(*known(symbol))

    @app.get("/health")
    def health() -> JSONResponse:
        view = latest()
        return JSONResponse(
            {"status": "ok", "as_of": view.brief.as_of.isoformat(), "run": view.run.run_id,
             "instruments": len(view.brief.instruments)}
        )  # fmt: skip

    @app.get("/metrics")
    def exposition() -> Response:
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")


def _serve_shelf(app: FastAPI, page: Page, shelf: ShelfSource) -> None:
    @app.get("/shelf", response_class=HTMLResponse)
    def shelf_page() -> Response:
        return page("shelf", {"view": None, **shelf_context(shelf.report())})

    @app.get("/shelf/{symbol:path}", response_class=HTMLResponse)
    def shelved_twin_page(symbol: str) -> Response:
        return page("shelf_twin", {"view": None, **shelved_twin_context(shelf.report(), symbol)})

    @app.get("/models/shelf")
    def shelf_data() -> ShelfAnswer:
        return shelf_answer(shelf.report())

    @app.get("/models/shelf/{symbol:path}")
    def shelved_twin_data(symbol: str) -> ShelvedTwinAnswer:
        return shelved_twin_answer(shelf.report(), symbol)


def _serve_files(app: FastAPI) -> None:
    @app.get("/static/{version}/story.css")
    def style(version: str) -> Response:
        return Response(stylesheet(), media_type="text/css", headers=FOREVER)

    @app.get("/static/{version}/app.js")
    def script(version: str) -> Response:
        return Response(static_files.script(), media_type="text/javascript", headers=FOREVER)

    @app.get("/static/{version}/plotly.min.js")
    def plotly(version: str, request: Request) -> Response:
        packed = static_files.plotly_script()
        headers = FOREVER | {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            packed = gzip.decompress(packed)
        return Response(packed, media_type="text/javascript", headers=headers)

    @app.get("/icon.svg")
    def icon() -> Response:
        return Response(static_files.MARK, media_type="image/svg+xml", headers=FOREVER)
