"""A small valid country to start from: the commented files of `optimiser/example`, copied."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from optimiser.storage import whole_folder


def create(folder: Path | str, force: bool = False) -> None:
    """Write the example country: `config.yaml`, `README.md` and every table.

    Raises
    ------
    InputError
        When the folder exists already and `force` is not given, or can't be written.
    """
    with whole_folder(folder, force, mark="config.yaml") as target:
        for file in files("optimiser").joinpath("example").iterdir():
            (target / file.name).write_bytes(file.read_bytes())
