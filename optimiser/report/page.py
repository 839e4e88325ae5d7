"""The page: everything the template prints, and how it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from optimiser.explore.finding import Finding
from optimiser.report import explored, grounds, headline
from optimiser.report.costs import costs
from optimiser.report.reasons import reasons
from optimiser.report.region import region_view
from optimiser.report.words import Words
from optimiser.solution import Solution


def printed(name: str, words: Words, **values: object) -> str:
    """A template filled in, as one HTML document that asks for nothing else; its `title` is the case's unless given."""
    environment = Environment(loader=PackageLoader("optimiser", "report"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters["drawing"] = Markup  # for SVG made by figures.py alone
    style = Markup((files("optimiser.report") / "style.css").read_text("utf-8"))
    title = words.problem.config.title or words("untitled")
    return environment.get_template(name).render(
        {"t": words, "language": words.language, "title": title, "style": style} | values).lstrip()


def finding_page(words: Words, finding: Finding) -> str:
    """A page with what one exploration found."""
    return printed("explored.html", words, section=explored.section(words, finding))


def page(words: Words, solution: Solution, findings: Sequence[Finding] = ()) -> str:
    """The whole report of a run, with what explorations found as sections of it."""
    problem = words.problem
    why, paid = reasons(problem, solution), costs(problem, solution)
    view = partial(region_view, words, solution, reasons=why, costs=paid)
    return printed(
        "template.html", words, span=words.span(problem.years[0], problem.years[-1]), years=problem.years,
        sentences=headline.sentences(words, solution), glance=headline.glance_grid(words, solution),
        scenarios=headline.scenarios(words), trust=headline.trust(words, solution),
        regions=[view(region, number) for number, region in enumerate(problem.regions, start=1)],
        basis=grounds.basis_figure(words, solution), influence=grounds.influence_grid(words, solution),
        objectives=grounds.objectives_grid(words, solution), ended=headline.run_text(words, solution),
        versions=grounds.versions(words, solution), seed=solution.status.get("seed", words("nothing")),
        sources=grounds.sources_grid(words),
        findings=[explored.section(words, finding, n) for n, finding in enumerate(findings, start=1)])
