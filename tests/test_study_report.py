"""The report of a study: figures in words, every table in the workbook, nothing planted comes through, empty tables."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import study_rows
import studycase

from optimiser.report.studied import write_study
from optimiser.report.study_findings import exceedance
from optimiser.study.analyse import Analysis, analysis_of
from optimiser.study.analyse.titles import Titles
from optimiser.study.design import design
from optimiser.study.spec import Study

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROWS = 120
BUILDERS, NURSES = studycase.BUILDERS, studycase.NURSES
PLANTED = '<script>alert("&")</script>'
Made = tuple[Analysis, Study, pd.DataFrame]


def plain(html: str) -> str:
    """The text of a page, as a reader sees it."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).replace("\u00a0", " ")


def written(made: Made, folder: Path) -> str:
    analysis, study, status = made
    folder.mkdir(exist_ok=True)
    write_study(analysis, folder, study, status)
    return (folder / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two regions: builders hold in R, nurses turn on the shortage of builders; two lists are tried in R."""
    study = studycase.study(tmp_path_factory.mktemp("study"), title=f"Vale {PLANTED}", reason="To see what holds",
                            levers=[{"name": "length", "path": "list_length.R", "values": [1, 2]}],
                            design={"kind": "lhs", "rows": ROWS})
    rows, names = design(study), [factor.name for factor in study.factors]
    x = rows.loc[rows["sample"], names].to_numpy(float)
    rng = np.random.default_rng(1)
    builders = x[:, names.index(f"shortage[R {BUILDERS}]")]
    unfilled = {region: 100 + 50 * builders + rng.normal(0, 2, ROWS) for region in ("R", "Q")}
    unfilled["Q"][:6] = np.nan
    listed = {("R", BUILDERS): np.ones(ROWS), ("R", NURSES): builders > 0.5, ("Q", BUILDERS): np.ones(ROWS)}
    tables = study_rows.tables(x, unfilled, {key: 1 * mark for key, mark in listed.items()}, names=names, gap=0.01,
                               infeasible=[(row, "Q") for row in range(1, 5)])
    status = tables[1]
    status.loc[status["status"] == "time_limit", ["status", "reason"]] = ["failed", f"it broke {PLANTED}"]
    status.loc[status["status"] == "optimal", "gap"] = 0.004
    tried = pd.DataFrame([(row + 1, "R", name, value, value) for row, best in enumerate(unfilled["R"])
                          for name, value in (("steady", best + 10), (PLANTED, best + 40 * builders[row]))],
                         columns=["row", "region", "list", "value", "bound"])
    return (analysis_of(rows, status, tables[2], tables[3], tried, title=study.title, levers=["length"],
                        titles=Titles.of(study)), study, status)


@pytest.fixture(scope="module")
def folder(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    written(made, out)
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize("sentence", [
    "The case was answered in 120 variants, in which 5 factors",
    "The Vale: 1 occupations are on the list almost whatever happens (in at least 90 % of the rows); 1 are borderline",
    "The Ridge: in 6 of 120 rows there is no plan; they are left out of the shares.",
    "The figure most worth measuring better: shortage: The Vale, Builder.",
    "Builder (0110) 100 % (96–100)",
    "Nurse (2221) 50 % (41–59)",
    "shortage: The Vale, Builder above its 50 % quantile",
    "The Vale: regret of the lists tried (weighted person-years)",
    "steady 10–12 ",  # 10, or at most 10 + 1 % of 155
    "What it is to find out To see what holds",
    "Latin hypercube",
    "levers (what policy sets): 1; uncertainties (what nobody controls): 4; of the business cycle: 0",
    "0.4 % in the middle row, 0.4 % at most; 0 searches ended",
    "The Ridge 121 115 0 0 0 4 2 0",
])
def test_the_page_says(page: str, sentence: str) -> None:
    assert sentence in plain(page)


def test_the_lines_of_the_analysis_are_told_with_titles(made: Made, page: str) -> None:
    leads = " ".join(re.findall(r'<div class="lead">(.*?)</div>', page, re.S))
    assert not any("shortage[" in line for line in made[0].lines)
    assert "shortage[" not in leads and "shortage: The Vale, Builder" in leads
    assert "The Vale: 1 occupations belong to the robust core" in leads
    assert made[0].sections["rows"][0] in leads


def test_what_is_planted_comes_through_as_text_only(page: str) -> None:
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 3


def test_every_table_is_a_sheet_with_all_its_rows(made: Made, folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    first, *others = book.sheetnames
    assert first == "Read first" and len(others) == len(made[0].tables) + 1
    frames = [*made[0].tables.values(), made[2]]
    for name, frame in zip(others, frames, strict=True):
        head, *rows = book[name].iter_rows(values_only=True)
        assert len(rows) == len(frame) > 0 or name == "Pairs of factors"
        assert set(frame.columns) & set(map(str, head)) == set()  # every column is headed in words
    told = [str(row[1]) for row in book[first].iter_rows(min_row=2, values_only=True)]
    assert set(made[0].lines) <= set(told)


def test_numbers_stand_in_the_workbook_as_they_are(made: Made, folder: Path) -> None:
    head, *rows = openpyxl.load_workbook(folder / "tables.xlsx")["What holds"].iter_rows(values_only=True)
    table = pd.DataFrame(rows, columns=[str(name) for name in head])
    frame = made[0].tables["frequency"]
    assert list(table["Occupation code"]) == list(frame["occupation"])
    assert list(table["Share, any review"]) == pytest.approx(list(frame["share_any"]))


def test_the_same_analysis_gives_the_same_bytes(made: Made, folder: Path, tmp_path: Path) -> None:
    written(made, tmp_path)
    for name in ("report.html", "tables.xlsx"):
        assert hashlib.sha256((tmp_path / name).read_bytes()).digest() == hashlib.sha256(
            (folder / name).read_bytes()).digest()


def test_empty_tables_leave_a_line_or_no_chapter(made: Made, tmp_path: Path) -> None:
    analysis, study, status = made
    bare = replace(analysis, tables={name: frame.iloc[:0] for name, frame in analysis.tables.items()}, sections={},
                   lines=())
    text = plain(written((bare, study, status.iloc[:0]), tmp_path))
    assert "No row has a list" in text and "no answer has a proved gap" in text and "it can't be said" in text
    assert "Which quotas" not in text and "How robust chosen lists are" not in text
    for name in openpyxl.load_workbook(io.BytesIO((tmp_path / "tables.xlsx").read_bytes())).sheetnames:
        assert name


def test_rows_of_one_factor_at_a_time_say_what_they_cannot(tmp_path: Path) -> None:
    study = studycase.study(tmp_path / "study", design={"kind": "one_at_a_time"})
    rows, names = design(study), [factor.name for factor in study.factors]
    x = rows.loc[rows["sample"], names].to_numpy(float)
    _, status, outcomes, listed = study_rows.tables(x, {"R": 100 + 50 * x[:, 0]}, {("R", NURSES): 1 * (x[:, 1] > 0.5)},
                                                    names=names)
    text = plain(written((analysis_of(rows, status, outcomes, listed), study, status), tmp_path / "out"))
    assert "a share of them is not how likely something is" in text
    assert "8 rows are too few" in text
    assert text.count("This needs a random sample of rows") == 3
    assert "5 %–95 % 102 148 1 45 45" in text  # 100 + 50 x position, exactly; the base row has 1


def test_exceedance_counts_rows_above() -> None:
    regret = np.array([0.0, 1.0, 1.0, np.inf])
    assert list(exceedance(regret, np.array([0.0, 0.5, 1.0, 9.0]))) == [75.0, 75.0, 25.0, 25.0]


# In a browser ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tab(folder: Path) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        tab = browser.new_page()
        tab.goto((folder / "report.html").as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        yield tab
        browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_fits_and_pictures_are_named(tab: Any, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    outside = tab.evaluate("""[...document.querySelectorAll('svg')].flatMap(svg => {
        const box = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].filter(text => {
            const own = text.getBoundingClientRect();
            return own.left < box.left - 1 || own.right > box.right + 1;
        }).map(text => text.textContent)})""")
    assert outside == []
    assert tab.evaluate("[...document.querySelectorAll('svg')].every(svg => svg.getAttribute('aria-label'))")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_axe_finds_no_violation(tab: Any) -> None:
    tab.set_viewport_size({"width": 360, "height": 800})
    tab.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    violations = tab.evaluate("axe.run()")["violations"]
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations] == []
