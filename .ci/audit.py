"""Ask the OSV database about every package that is installed beside this interpreter.

Prints "audited N packages, no known vulnerability" and succeeds; or names the vulnerable ones and fails; or, when the
advisories can't be reached, says "not audited" and why: no answer is no proof, but no fault of the project either.
"""

from __future__ import annotations

import json
import signal
import sys
import tomllib
import urllib.request
from importlib.metadata import distributions
from pathlib import Path

ADVISORIES = "https://api.osv.dev/v1/querybatch"
PATIENCE = 45  # seconds, names looked up and all


def installed() -> dict[str, str]:
    """Version of every installed package but the project itself, by name."""
    pyproject = Path(__file__).resolve().parent.parent / "pyproject.toml"
    own = tomllib.loads(pyproject.read_text("utf-8"))["project"]["name"]
    found = {package.metadata["Name"]: package.version for package in distributions()}
    return {name: found[name] for name in sorted(found, key=str.lower) if name.lower() != own}


def advisories(packages: dict[str, str]) -> dict[str, list[str]]:
    """Known vulnerabilities of the packages that have any.

    Raises
    ------
    OSError
        When the database can't be reached.
    ValueError
        When its answer does not fit the question.
    """
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
               for name, version in packages.items()]
    request = urllib.request.Request(ADVISORIES, json.dumps({"queries": queries}).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        results = json.load(answer).get("results", [])
    if len(results) != len(packages):
        raise ValueError(f"{len(results)} answers to {len(packages)} questions")
    return {name: [found["id"] for found in result["vulns"]]
            for name, result in zip(packages, results, strict=True) if result.get("vulns")}


def audit() -> int:
    """Say how it stands; the exit code."""
    packages = installed()
    try:
        found = advisories(packages)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        print(f"not audited: {getattr(error, 'reason', None) or error}")
        return 0
    for name, numbers in found.items():
        print(f"{name} {packages[name]}: {', '.join(numbers)}")
    print(f"audited {len(packages)} packages, {f'{len(found)} vulnerable' if found else 'no known vulnerability'}")
    return bool(found)


def give_up(*_: object) -> None:
    raise TimeoutError(f"no answer within {PATIENCE} s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    sys.exit(audit())
