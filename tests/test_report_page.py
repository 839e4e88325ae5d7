"""The page: golden figures in words, nothing planted comes through, odd cases don't break it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from valley import BUILDERS, NURSES, PLAN, STATUS, answered, valley
from worlds import rows, world

from optimiser import report
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.report import figures
from optimiser.report.words import Words
from optimiser.solution import Solution, derive
from optimiser.texts import catalogue

SOURCE = Path(report.__file__).parent


def written(problem: Problem, solution: Solution, folder: Path) -> str:
    report.write(problem, solution, folder)
    return (folder / "report.html").read_text("utf-8")


def plain(html: str) -> str:
    """The text of a page, as a reader sees it."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    problem = valley(folder / "in")
    return written(problem, answered(problem), folder)


@pytest.mark.parametrize("sentence", [
    "In 2026–2027, the plan gives The Valley 14 permits, and with them 10 people come.",
    "Of a shortage of 28 person-years (one person-year is one job open, or filled, for one year), jobseekers who can "
    "be activated fill 2, people trained for the job 2, and people who come under the scheme 4.9; 19 (68 %) stay "
    "unfilled.",
    "The Valley starts with a list of 1 occupation (2 on the list in force); over all reviews 0 enter and 1 leave.",
    "Of all shortages, 29 % are observed and 71 % are estimated.",
    "Of the shortages of listed occupations, 100 % are estimated.",
    "No plan can fill more than 2 more person-years than this one (10 % of what it leaves unfilled).",
    "The search ended by its own rules: the same input gives the same plan on any machine.",
    "What runs out in at least one year: Courses (Upper End).",
    "Fills 4.9 person-years per 1,000 hours (Courses, full in Upper End).",
    "Most stays unfilled in Upper End: 11 person-years. Of what jobseekers leave open, least is filled in Lower End "
    "(0 %) and most in Upper End (38.3 %).",
    "Builder 0110 · construction · medium skill · shortage estimated",
    "Of all other numbers (capacities, take-up, stay, costs; by table rows), 100 % are assumed.",
    "The search had come within the 0 % asked for; what the later aims may give back (up to 0 %) and rounding",
    "Not settled when the search ended: share filled in the worst-served area, entries and exits and public cost.",
    "Most permits go to Builder (14).",
    "Courses per person in the year of arrival, all occupations, every region (hours)",
    "Shortage of Builder, The Valley (person-years where filled)",
])
def test_golden_words(page: str, sentence: str) -> None:
    assert sentence in plain(page)


def test_weighted_person_years_are_called_so(tmp_path: Path) -> None:
    weights = rows("parameter region occupation central", ("weight", "*", NURSES, 2))
    problem = valley(tmp_path / "in", parameters=weights)
    assert "more weighted person-years than this one" in plain(written(problem, answered(problem), tmp_path))


@pytest.mark.parametrize(("status", "proof", "words"), [
    ({"termination": "time_limit", "clock_cut": True}, None, "The time limit cut the search short."),
    ({"termination": "interrupted", "clock_cut": True}, None, "The search was interrupted by its user"),
    (STATUS | {"opinions": [{"regions": ["R"], "method": "scip", "verdict": "agrees"}]}, None,
     "solved again in other ways (SCIP); within the gap they came to the same."),
    (STATUS | {"opinions": [{"regions": ["R"], "method": "without_presolve", "verdict": "undecided"}]}, None,
     "(HiGHS without presolve and with another seed), but within the time limit they did not get far enough"),
    ({}, None, "Nothing is recorded about how this plan was found."),
    (STATUS, None, "so small differences from other plans mean nothing. The search"),
    (STATUS, (float("-inf"), float("inf"), "time_limit"), "so small differences from other plans mean nothing. The"),
    (STATUS, (float("nan"), 0.02, "within_gap"), "together they are within 2 % of the best possible"),
    (STATUS, (19.1, 0.0, "optimal"), "No plan can fill more person-years than this one"),
    (STATUS, (17.1, 0.1, "work_limit"), "more than the 0 % asked for: the search stopped before it got there"),
    (STATUS | {"gap_wanted": 0.2}, (17.1, 0.1, "within_gap"), "neither is known to be better. Not settled"),
    (STATUS, (19.1 - 5, 0.25, "work_limit"), "Ties: each of these fills less than the 5 person-years that a better"),
])
def test_how_far_to_trust(tmp_path: Path, status: dict[str, Any], proof: Any, words: str) -> None:
    problem = valley(tmp_path / "in")
    proofs = {("R", "unfilled"): proof} if proof else None
    assert words in plain(written(problem, derive(problem, PLAN, proofs, status), tmp_path))


def test_aims_without_a_bound_say_nothing_in_its_place(tmp_path: Path) -> None:
    problem = valley(tmp_path / "in")
    proofs = {("R", name): (float("inf"), float("inf"), "time_limit") for name in ("worst_coverage", "cost")}
    page = written(problem, derive(problem, PLAN, proofs), tmp_path)
    assert not re.search(r"\b(inf|nan|None)\b", plain(page))
    assert "cut by the time limit" in page


class Tags(HTMLParser):
    """Start tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_stands_alone(page: str) -> None:
    tags = Tags(page).found
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not [a for _, a in tags if any(name.startswith("on") for name in a)]
    links = [a.get("href") or a.get("src") for _, a in tags if "href" in a or "src" in a]
    assert all(link and link.startswith("#") for link in links)
    assert "url(" not in page
    assert "@import" not in page


def test_headings_are_in_order_and_ids_are_unique(page: str) -> None:
    tags = Tags(page).found
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"] for tag, a in tags if tag == "a"} <= {f"#{one}" for one in ids}


PLANTED = '<script>alert(1)</script><b onload="x">{{ 7*7 }} & {0}'


def test_planted_markup_is_escaped(tmp_path: Path) -> None:
    quoted = '"' + PLANTED.replace('"', '""') + '"'
    problem = valley(
        tmp_path / "in", {"title": PLANTED}, regions=rows("region title_en", ("R", quoted)),
        areas=rows("area region title_en tile_row tile_column", ("A1", "R", quoted, 1, 1), ("A2", "R", quoted, 1, 2)),
        occupations=rows("occupation title_en sector skill_tier", (BUILDERS, quoted, quoted, "high"),
                         (NURSES, quoted, quoted, "low")),
        sources=rows("source publisher title date confidence note", ("S", quoted, quoted, 2026, "low", quoted)),
        list_in_force=rows("region occupation entry", ("R", NURSES, quoted)))
    page = written(problem, answered(problem), tmp_path)
    tags = Tags(page).found
    assert not {tag for tag, _ in tags} & {"script", "b"}
    assert not [a for _, a in tags if "onload" in a]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "49 &amp;" not in page


def test_two_writes_give_the_same_bytes(tmp_path: Path) -> None:
    problem = valley(tmp_path / "in")
    contents = []
    for name, seconds in (("a", 1.0), ("b", 2.0)):
        (tmp_path / name).mkdir()
        report.write(problem, derive(problem, PLAN, None, STATUS | {"seconds": seconds}), tmp_path / name)
        contents.append([(tmp_path / name / file).read_bytes() for file in ("report.html", "lists.xlsx")])
    assert contents[0] == contents[1]


def test_nothing_short_and_nothing_listed(tmp_path: Path) -> None:
    problem = world(tmp_path / "in", {"regions": {"R": {}, "E": {}}}, regions=rows("region", ("R",), ("E",)),
                    areas=rows("area region", ("A1", "R")), shortages=[])
    text = plain(written(problem, derive(problem, Plan()), tmp_path))
    assert "No occupation is short anywhere" in text
    assert "R lists no occupation." in text
    assert "Nothing is short in E" in text


def test_hundreds_of_areas_are_cut_to_the_worst_and_say_so(tmp_path: Path) -> None:
    codes = [f"A{i:03}" for i in range(300)]
    problem = valley(
        tmp_path / "in", areas=rows("area region", *((code, "R") for code in codes)),
        shortages=rows("area occupation year central", *((code, BUILDERS, 2026, 10) for code in codes)),
        activatable=rows("area occupation year central", ("A001", BUILDERS, 2026, 1)),
        capacities=rows("service place year central", ("course", "*", "*", 600)))
    plan = Plan(frozenset({("R", BUILDERS, 1)}), PLAN.quota, {(BUILDERS, "A007", 2026): PLAN.arrivals[
        BUILDERS, "A1", 2026]})
    page = written(problem, answered(problem, plan), tmp_path)
    assert "The 12 worst served of 300 areas; all are in lists.xlsx." in page
    assert "the 12 areas where most stays unfilled" in page
    assert "The 40 fullest of 300 places; all are in lists.xlsx." in page
    assert len(page) < 3_000_000


def test_a_text_in_another_language_falls_back_on_english(tmp_path: Path) -> None:
    problem = valley(tmp_path / "in")
    report.write(problem, answered(problem), tmp_path, "nl")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert '<html lang="nl">' in page
    assert "In short" in page


def test_every_text_of_the_report_is_used_and_exists() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCE.iterdir() if path.suffix in (".py", ".html"))
    keys = {key.removeprefix("report.") for key in catalogue("en") if key.startswith("report.")}
    whole = set(re.findall(r"""["']([a-z_]+)["']""", code))
    starts = tuple(re.findall(r"""f?["']([a-z]+_)(?:\{|["'] ~)""", code))
    ends = re.findall(r"""\{key\}(_[a-z]+)""", code)
    unused = {key for key in keys - whole if not key.startswith(starts) and not key.endswith(tuple(ends))}
    assert not unused
    assert set(re.findall(r"""(?:words|\bt)\(\s*["']([a-z_]+)["']\s*[,)]""", code)) <= keys


@pytest.mark.parametrize(("number", "text"), [
    (0, "0"), (0.04, "< 0.1"), (0.26, "0.3"), (9.94, "9.9"), (9.96, "10"), (1234.5, "1,234"), (float("nan"), "–")])
def test_amounts(tmp_path: Path, number: float, text: str) -> None:
    assert Words(valley(tmp_path)).amount(number) == text


@pytest.mark.parametrize(("share", "text"), [
    (0, "0 %"), (0.0004, "< 0.1 %"), (0.042, "4.2 %"), (0.26538, "27 %"), (0.9999, "> 99 %"), (1, "100 %")])
def test_percentages_never_claim_a_whole_they_are_not(tmp_path: Path, share: float, text: str) -> None:
    assert Words(valley(tmp_path)).percent(share).replace("\u00a0", " ") == text


def test_what_may_not_be_listed_says_why(tmp_path: Path) -> None:
    problem = valley(tmp_path / "in", list_in_force=[], exclusions=rows(
        "region occupation reason source", ("R", NURSES, "Outside the route", "S")))
    page = written(problem, answered(problem), tmp_path)
    assert "Nurse may not be listed: Outside the route observed" in plain(page)
    assert ">Nurse (may not be listed)<" in page


def test_full_places_read_full_and_shares_have_a_look(page: str) -> None:
    assert re.search(r'<td [^>]*class="full number"[^>]*>full</td>', page)
    assert re.search(r'<td [^>]*class="some number"[^>]*>62\u00a0%</td>', page)


def test_ink_on_every_colour_is_readable() -> None:
    assert figures.contrast("#000000", "#ffffff") == pytest.approx(21)
    style = (SOURCE / "style.css").read_text("utf-8")
    pairs = re.findall(r"background: (#[0-9a-f]{6}); color: (#[0-9a-f]{3,6})", style)
    assert len(pairs) == 5
    for background, ink in pairs:
        assert figures.contrast(background, ink if len(ink) == 7 else "#" + 2 * ink[1:]) >= 4.5
    assert all(figures.contrast(figures.ink_on(colour), colour) >= 4.5 for colour in figures.RAMP)


def test_long_names_of_tiles_are_broken_or_cut() -> None:
    assert figures._wrapped("Flemish Brabant") == "Flemish\nBrabant"
    assert figures._wrapped("Antwerp") == "Antwerp"
    assert all(len(line) <= 12 for line in figures._wrapped("A very long name of a labour basin").split("\n"))
