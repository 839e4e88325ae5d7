"""The page: everything the template prints, and how it is put together."""

from __future__ import annotations

from functools import partial
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from optimiser.report import grounds, headline
from optimiser.report.costs import costs
from optimiser.report.reasons import reasons
from optimiser.report.region import region_view
from optimiser.report.words import Words
from optimiser.solution import Solution


def page(words: Words, solution: Solution) -> str:
    """The whole report as one HTML document that asks for nothing else."""
    problem, here = words.problem, files("optimiser.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["drawing"] = Markup  # for SVG made by figures.py alone
    template = environment.from_string((here / "template.html").read_text("utf-8"))
    why, paid = reasons(problem, solution), costs(problem, solution)
    view = partial(region_view, words, solution, reasons=why, costs=paid)
    html = template.render(
        t=words, language=words.language, title=problem.config.title or words("untitled"),
        style=Markup((here / "style.css").read_text("utf-8")),
        span=words.span(problem.years[0], problem.years[-1]), years=problem.years,
        sentences=headline.sentences(words, solution), glance=headline.glance_grid(words, solution),
        trust=headline.trust(words, solution),
        regions=[view(region, number) for number, region in enumerate(problem.regions, start=1)],
        basis=grounds.basis_figure(words, solution), influence=grounds.influence_grid(words, solution),
        objectives=grounds.objectives_grid(words, solution), ended=headline.run_text(words, solution),
        versions=grounds.versions(words, solution), seed=solution.status.get("seed", words("nothing")),
        sources=grounds.sources_grid(words))
    return html.lstrip()
