"""The rules of a region that a study moves: is there such a setting, is it a number, may it have these values?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from optimiser import patching
from optimiser.cells import meant
from optimiser.config import Config, Keys, Places, Region, frozen, parse
from optimiser.errors import Fault, InputError
from optimiser.problem import Problem
from optimiser.scenario import Patch, Setting, full_path
from optimiser.study.factors import Rule
from optimiser.texts import say

HALF = 0.5  # a value that is certainly not whole


class Rules:
    """Reads the paths of a study; what is wrong with them is added to `faults`."""

    def __init__(self, problem: Problem, places: Places, faults: list[Fault]):
        self.places, self.faults = places, faults
        self.raw = problem.config.model_dump(mode="json", exclude_unset=True)
        self.held = problem.config.model_dump(mode="json")

    def read(self, at: Keys, path: str, values: Sequence[tuple[Keys, float]]) -> tuple[Rule, float] | None:
        """The setting that a path means and its value in the base case; None when that is a fault.

        Parameters
        ----------
        at : where the lever or uncertainty stands in the study file
        path : as for `--set`
        values : where each value stands, and the value
        """
        parts, where = full_path(path, self.raw), (*at, "path")
        file, row = self.places.of(where)
        column = ".".join(map(str, where))
        if parts[0] != "regions" or len(parts) < 3:
            names = [f"{name}.{region}" for region in self.raw["regions"] for name in Region.model_fields]
            self.faults.append(Fault(file, row, column, repr(path[:80]), say("study_design.rule_path"),
                                     meant(path, names) or say("study_design.rule_example", name=names[0])))
            return None
        faults: list[Fault] = []
        whole = self._whole(parts)
        for place, value in values:
            number = int(value) if whole and float(value).is_integer() else float(value)
            faults += self._tried(Setting(parts, number, *self.places.of(place)))
        if faults:
            self.faults += {(fault.column, fault.got): fault for fault in reversed(faults)}.values()  # each once
            return None
        base = self._base(parts)
        if isinstance(base, bool) or not isinstance(base, (int, float)):
            self.faults.append(Fault(file, row, column, say("faults.nothing"), say("study_design.base_value"),
                                     say("study_design.set_base", path=path)))
            return None
        return Rule(parts, file, row, whole), float(base)

    def _tried(self, setting: Setting) -> list[Fault]:
        """What is wrong with a value, alone."""
        faults: list[Fault] = []
        raw, places = patching.apply_settings(self.raw, Patch(settings=(setting,)), Places(self.places.file), faults)
        if not faults:
            try:
                parse(raw, places)
            except InputError as error:
                faults += error.faults
        return faults

    def _whole(self, path: Keys) -> bool:
        """Whether a setting takes whole numbers only."""
        raw, _ = patching.apply_settings(self.raw, Patch(settings=(Setting(path, HALF, "", 0),)), Places(""), [])
        try:
            Config.model_validate(frozen(raw))
        except ValidationError as error:
            return any(item["type"] in ("int_type", "int_from_float") for item in error.errors())
        return False

    def _base(self, path: Keys) -> Any:
        holder: Any = self.held
        for part in path:
            if isinstance(holder, list) and str(part).isdigit() and int(part) < len(holder):
                holder = holder[int(part)]
            else:
                holder = holder.get(part) if isinstance(holder, dict) else None
        return holder
