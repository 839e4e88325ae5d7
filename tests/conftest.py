"""Fixtures that several files of tests share, and how many random cases a test draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from refusal import refuse

__all__ = ["refuse"]

PARTS, LONG_PARTS = 5, 100  # into how many tests the random cases of one are split
EXAMPLES, LONG_EXAMPLES = 12, 300  # that hypothesis draws for a property
FIGURE = "figure "  # before the name of what a test counted, among the properties of its report

counted: dict[str, Counter[str]] = {}
"""What the parts of every test counted, all together."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="draw many more random cases; docs/trust.md has the figures")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "drawn(few, many): random cases `numbers`; `many` of them with --long")
    examples = LONG_EXAMPLES if config.getoption("--long") else EXAMPLES
    settings.register_profile("same on every machine", derandomize=True, deadline=None, database=None,
                              max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("same on every machine")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `drawn(few, many)` gets its cases as ranges `numbers`, in parts that can run side by side."""
    if marker := metafunc.definition.get_closest_marker("drawn"):
        few, many = marker.args
        total, parts = (many, LONG_PARTS) if metafunc.config.getoption("--long") else (few, PARTS)
        ends = [total * part // parts for part in range(parts + 1)]
        metafunc.parametrize("numbers", [range(a, b) for a, b in zip(ends, ends[1:], strict=False) if a < b],
                             ids=lambda numbers: f"{numbers.start}-{numbers.stop - 1}")


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Iterator[Counter[str]]:
    """What a test counts; the sums over its parts are printed after the tests."""
    found: Counter[str] = Counter()
    yield found
    for name, number in found.items():
        record_property(FIGURE + name, number)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":
        for name, number in report.user_properties:
            if name.startswith(FIGURE) and isinstance(number, int):
                counted.setdefault(report.nodeid.split("[")[0], Counter())[name.removeprefix(FIGURE)] += number


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for test, found in sorted(counted.items()):
        terminalreporter.write_line(f"{test}: {', '.join(f'{name} {n:,}' for name, n in sorted(found.items()))}")
