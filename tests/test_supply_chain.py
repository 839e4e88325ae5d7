"""What is installed is pinned with hashes, and is asked about: three ways an audit can end."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The audit of CI, of two packages."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "installed", lambda: {"alpha": "1.0", "beta": "2.5"})
    return module


def answer(monkeypatch: pytest.MonkeyPatch, content: object) -> list[dict[str, Any]]:
    """Let the database answer; what it is asked is in the list."""
    asked: list[dict[str, Any]] = []

    def urlopen(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        assert isinstance(request.data, bytes) and timeout < 60
        asked.append(json.loads(request.data))
        if isinstance(content, Exception):
            raise content
        return io.BytesIO(content if isinstance(content, bytes) else json.dumps(content).encode())

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def test_nothing_known_is_said_with_the_number_of_packages(audit: Any, monkeypatch: pytest.MonkeyPatch,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    asked = answer(monkeypatch, {"results": [{}, {}]})
    assert audit.audit() == 0
    assert capsys.readouterr().out == "audited 2 packages, no known vulnerability\n"
    assert asked[0]["queries"][1] == {"package": {"name": "beta", "ecosystem": "PyPI"}, "version": "2.5"}


def test_a_vulnerable_package_is_named_and_fails(audit: Any, monkeypatch: pytest.MonkeyPatch,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    answer(monkeypatch, {"results": [{}, {"vulns": [{"id": "GHSA-1"}, {"id": "CVE-2"}]}]})
    assert audit.audit() == 1
    assert capsys.readouterr().out == "beta 2.5: GHSA-1, CVE-2\naudited 2 packages, 1 vulnerable\n"


@pytest.mark.parametrize(("content", "reason"), [
    (urllib.error.URLError("Name or service not known"), "Name or service not known"),
    (TimeoutError("timed out"), "timed out"),
    (urllib.error.HTTPError("address", 503, "Service Unavailable", None, None), "Service Unavailable"),  # pyright: ignore
    (b"<html>", "Expecting value: line 1 column 1 (char 0)"),
    ({"results": [{}]}, "1 answers to 2 questions"),
    ([], "'list' object has no attribute 'get'"),
])
def test_no_answer_is_no_audit_and_no_fault(audit: Any, monkeypatch: pytest.MonkeyPatch, content: object, reason: str,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    answer(monkeypatch, content)
    assert audit.audit() == 0
    assert capsys.readouterr().out == f"not audited: {reason}\n"


def test_every_pin_has_a_hash_and_nothing_else_is_installed_by_ci() -> None:
    pins = re.split(r"^(?=[\w.-]+==)", (ROOT / "requirements.lock").read_text("utf-8"), flags=re.M)[1:]
    assert len(pins) > 40
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", pin) for pin in pins)
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "--require-hashes" in run and "PIP_NO_INDEX=1" in run
