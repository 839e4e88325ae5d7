"""The page in a browser: no accessibility violation, nothing wider than a phone, no request; skipped without one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from valley import answered, valley

from optimiser import report

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and its driver")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver

    folder = tmp_path_factory.mktemp("browser")
    problem = valley(folder / "in")
    report.write(problem, answered(problem), folder)
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        driver.set_script_timeout(300)
        driver.get((folder / "report.html").as_uri())
        yield driver
    finally:
        driver.quit()


def resize(browser: Any, width: int) -> None:
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_violation(browser: Any, width: int) -> None:
    from axe_core_python.selenium import Axe

    resize(browser, width)
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    violations = Axe().run(browser)["violations"]
    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in violations] == []


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_nothing_is_wider_than_the_screen(browser: Any, width: int) -> None:
    resize(browser, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_nothing_is_requested(browser: Any) -> None:
    assert browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)") == []


def test_pictures_are_named_and_in_their_boxes(browser: Any) -> None:
    resize(browser, 360)
    each = "return [...document.querySelectorAll('svg')].map(svg => {})"
    names = browser.execute_script(each.format("svg.getAttribute('aria-label')"))
    assert len(names) == 3
    assert all("The Valley" in name or "figures are known" in name for name in names)
    widths = browser.execute_script(each.format("svg.getBoundingClientRect().width"))
    assert all(0 < width <= 360 for width in widths)
