"""Fixtures that several files of tests share, and how many random cases a test draws."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from refusal import refuse

__all__ = ["refuse"]

PARTS, LONG_PARTS = 5, 100  # into how many tests the random cases of one are split
EXAMPLES, LONG_EXAMPLES = 12, 300  # that hypothesis draws for a property


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
