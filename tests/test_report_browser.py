"""The page in a browser: no accessibility violation, nothing wider than a phone, no request; skipped without one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from valley import answered, valley

from optimiser import report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
WIDTHS = (1280, 768, 360)


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Every address that the page asks for."""
    return []


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, asked: list[str]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("browser")
    problem = valley(folder / "in")
    report.write(problem, answered(problem), folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / "report.html").as_uri())
        yield page
        browser.close()


def resize(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})


def test_only_the_page_itself_is_requested(page: Any, asked: list[str]) -> None:
    assert [address.rsplit("/", 1)[-1] for address in asked] == ["report.html"]


@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_violation(page: Any, width: int) -> None:
    resize(page, width)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    violations = page.evaluate("axe.run()")["violations"]
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(page: Any, width: int) -> None:
    resize(page, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_table_is_cut_on_a_phone(page: Any) -> None:
    resize(page, 360)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("""[...document.querySelectorAll('.scroll, .stack td, .stack th')].filter(
        one => one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML)""") == []


@pytest.mark.parametrize("width", WIDTHS)
def test_pictures_are_named_and_no_text_leaves_them_or_runs_into_another(page: Any, width: int) -> None:
    resize(page, width)
    pictures = page.evaluate("""[...document.querySelectorAll('svg')].map(svg => ({
        name: svg.getAttribute('aria-label'), box: svg.getBoundingClientRect().toJSON(),
        texts: [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect().toJSON())}))""")
    assert len(pictures) == 3
    for picture in pictures:
        assert "The Valley" in picture["name"] or "figures are known" in picture["name"]
        box, texts = picture["box"], picture["texts"]
        assert 0 < box["width"] <= width
        assert all(box["left"] - 1 <= text["left"] and text["right"] <= box["right"] + 1 for text in texts)
        assert not [pair for i, pair in enumerate(texts) for other in texts[:i] if _overlap(pair, other)]


def _overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return across > 1 and down > 4  # the boxes of lines of text reach into each other a little


def test_the_page_prints_on_paper(page: Any) -> None:
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
