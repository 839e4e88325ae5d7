"""Fail when requirements.lock lacks a dependency of pyproject.toml, or pins a version it does not allow."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

root = Path(__file__).resolve().parent.parent
project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
lock = (root / "requirements.lock").read_text("utf-8")
pins = re.findall(r"^([\w.-]+)(?:\[.*\])?==([^ ;\\]+)", lock, re.M)
pinned = {canonicalize_name(name): version for name, version in pins}
wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
faults = []
for text in wanted:
    requirement = Requirement(text)
    name = canonicalize_name(requirement.name)
    if name == canonicalize_name(project["name"]):
        continue
    if name not in pinned:
        faults.append(f"{text}: not in requirements.lock")
    elif not requirement.specifier.contains(pinned[name], prereleases=True):
        faults.append(f"{text}: requirements.lock pins {pinned[name]}")
if re.search(r"https?://|--(extra-)?index-url|--find-links", lock):
    faults.append("requirements.lock names an address")
print("\n".join(faults) or f"{len(pinned)} pins agree with pyproject.toml")
sys.exit(bool(faults))
