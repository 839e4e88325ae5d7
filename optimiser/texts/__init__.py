"""Every text a user reads, by key and language; code asks for texts only here."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

LANGUAGES = ("en", "nl", "fr", "de")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language: `{"theme.key": "text with {names}"}`; empty when there are none yet."""
    folder = files("optimiser.texts") / language
    if not folder.is_dir():
        return {}
    texts: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            theme = file.name.removesuffix(".yaml")
            for key, text in yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader).items():
                texts[f"{theme}.{key}"] = text
    return texts


def say(key: str, language: str = "en", **values: object) -> str:
    """The text `key` with its names filled in; English stands in where a translation is missing.

    Raises
    ------
    KeyError
        When English has no such text: a fault of the program, never of its user.
    """
    text = catalogue(language).get(key) or catalogue("en")[key]
    return text.format(**values)
