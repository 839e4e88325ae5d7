"""Print the software bill of materials (CycloneDX 1.5) of everything that requirements.lock pins.

uv makes it, in a folder of its own and held to the pins; this only checks that they are all there.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def bill(pins: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        shutil.copy(ROOT / "README.md", project)
        settings = (ROOT / "pyproject.toml").read_text("utf-8")
        (project / "pyproject.toml").write_text(f"{settings}\n[tool.uv]\nconstraint-dependencies = {pins}\n", "utf-8")
        uv = [sys.executable, "-m", "uv", "--quiet", "--project", folder]
        subprocess.run([*uv, "lock", "--python", sys.executable], check=True)
        export = [*uv, "export", "--frozen", "--all-extras", "--format", "cyclonedx1.5"]
        return subprocess.run(export, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    pins = re.findall(r"^([\w.-]+==[^ ;\\]+)", (ROOT / "requirements.lock").read_text("utf-8"), re.M)
    text = bill(pins)
    listed = {f"{one['name']}=={one['version']}" for one in json.loads(text)["components"]}
    if missing := set(pins) - listed:
        sys.exit(f"missing: {', '.join(sorted(missing))}")
    print(text)
    print(f"{len(pins)} pins listed", file=sys.stderr)


if __name__ == "__main__":
    main()
