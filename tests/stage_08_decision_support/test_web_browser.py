"""The dashboard in a real browser: charts are drawn, clauses answer, nothing overflows."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from foundation.testing.samples import SampleRun
from stage_08_decision_support.adapters.web import RunView, create_app
from tests.stage_08_decision_support.shelves import OneRun, OneShelf

CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or CHROMEDRIVER is None,
    reason="needs chromium and chromedriver on the path (Debian: chromium, chromium-driver)",
)


@pytest.fixture(scope="module")
def address(view: RunView, run: SampleRun) -> Iterator[str]:
    import uvicorn

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(OneRun(view), OneShelf(run.shelf)), log_level="warning")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-gpu",
        "--disable-dev-shm-usage", "--window-size=1280,900",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    yield driver
    driver.quit()


def drawn(browser, selector: str):
    """Wait until something is drawn inside ``selector`` and return its marks."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 20).until(lambda b: b.find_elements(By.CSS_SELECTOR, selector))


def complaints(browser) -> list[str]:
    return [e["message"] for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]


def test_a_trader_goes_from_the_overview_to_a_clause_and_its_rows(browser, address: str) -> None:
    import json

    from selenium.webdriver.common.by import By

    browser.get_log("performance")
    browser.get(address + "/")
    listed = [e.text for e in browser.find_elements(By.CSS_SELECTOR, ".signals a.symbol")]
    assert set(listed) == {"SPX", "IXIC", "AAPL", "MTUM"}

    browser.find_element(By.LINK_TEXT, "SPX").click()
    assert len(drawn(browser, ".plot svg.main-svg .trace.boxes path")) > 20  # candles
    assert len(drawn(browser, ".plot .heatmaplayer image, .plot .heatmaplayer path")) >= 6

    clause = browser.find_element(By.CSS_SELECTOR, ".day.today a.clause")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", clause)
    clause.click()
    evidence = browser.find_element(By.CSS_SELECTOR, ".evidence.pinned")
    assert "degree" in evidence.text
    assert "bars.close" in evidence.text
    assert "28 Dec 2018" in evidence.text

    assert complaints(browser) == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    hosts = {
        m["params"]["request"]["url"]
        for m in asked
        if m["method"] == "Network.requestWillBeSent"
        and not m["params"]["request"]["url"].startswith(("data:", "blob:"))
    }
    assert hosts
    assert all(url.startswith(address) for url in hosts), hosts


def test_a_close_only_instrument_is_a_line(browser, address: str) -> None:
    browser.get(address + "/instrument/AAPL")
    assert drawn(browser, ".plot .scatterlayer .js-line")
    assert "Not reported here: volume" in browser.page_source
    assert complaints(browser) == []


def test_the_signals_sort_by_what_is_clicked(browser, address: str) -> None:
    from selenium.webdriver.common.by import By

    browser.get(address + "/")

    def order() -> list[str]:
        return [e.text for e in browser.find_elements(By.CSS_SELECTOR, ".signals a.symbol")]

    assert order() == ["SPX", "IXIC", "MTUM", "AAPL"]  # directional first, by conviction
    browser.find_element(By.CSS_SELECTOR, '[data-sort-by="symbol"]').click()
    assert order() == ["AAPL", "IXIC", "MTUM", "SPX"]
    browser.find_element(By.CSS_SELECTOR, '[data-sort-by="entry"]').click()
    assert order() == ["IXIC", "SPX", "AAPL", "MTUM"]
    browser.find_element(By.CSS_SELECTOR, '[data-sort-by="target"]').click()
    assert order()[-1] == "AAPL"  # no target: last either way
    browser.find_element(By.CSS_SELECTOR, '[data-sort-by="target"]').click()
    assert order()[-1] == "AAPL"


def test_twins_sort_by_alpha_and_lead_to_their_panel(browser, address: str) -> None:
    from selenium.webdriver.common.by import By

    browser.get(address + "/models")

    def order() -> list[str]:
        return [e.text for e in browser.find_elements(By.CSS_SELECTOR, ".twins a.symbol")]

    assert order()[0] == "AAPL"  # who answers, first
    browser.find_element(By.CSS_SELECTOR, '.twins [data-sort-by="symbol"]').click()
    assert order() == ["AAPL", "IXIC", "MTUM", "SPX"]
    browser.find_element(By.CSS_SELECTOR, ".twins a.symbol").click()
    assert browser.current_url.endswith("/instrument/AAPL#twin")
    # One heatmap a ribbon: the rule's and the twin's.
    assert len(drawn(browser, ".twin-plot .heatmaplayer .hm")) == 2
    names = {e.text for e in browser.find_elements(By.CSS_SELECTOR, ".twin-plot .annotation-text")}
    assert {"twin", "shared heads", "mean-reverting"} <= names
    assert complaints(browser) == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/instrument/SPX",
        "/performance",
        "/models",
        "/shelf",
        "/shelf/AAPL",
        "/quality",
        "/runs",
        "/nowhere",
    ],
)
def test_nothing_overflows_a_telephone(browser, address: str, path: str) -> None:
    screen = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        browser.get(address + path)
        if path.startswith("/instrument"):
            drawn(browser, ".plot svg.main-svg")
        wide, seen = browser.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]"
        )
        assert (wide, seen) == (390, 390)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_dark_follows_the_system_charts_included(browser, address: str) -> None:
    def ground_and_ink(scheme: str) -> tuple[str, str]:
        feature = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": feature})
        browser.get(address + "/instrument/AAPL")
        drawn(browser, ".plot .scatterlayer .js-line")
        return tuple(
            browser.execute_script(
                "return [getComputedStyle(document.body).backgroundColor, getComputedStyle("
                "document.querySelector('.plot .scatterlayer .js-line')).stroke]"
            )
        )

    light, dark = ground_and_ink("light"), ground_and_ink("dark")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert light[0] != dark[0]
    assert light[1] != dark[1]
