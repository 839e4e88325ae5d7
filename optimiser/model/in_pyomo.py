"""The model in Pyomo: the same functions, called with Pyomo's variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse


class InPyomo:
    """A model in Pyomo; `light.Light` has the same attributes and methods.

    Attributes
    ----------
    model : ConcreteModel
        One `Var` per kind of column and one `Constraint` per family, under the names of `docs/model.md`.
    lower, upper, whole : list, one entry per column
    columns, rows : list of (name, index)
    """

    def __init__(self, frame: Any):
        self.frame = frame
        self.model: Any = pyo.ConcreteModel()
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.columns: list[tuple[str, tuple[Any, ...]]] = []
        self.rows: list[tuple[str, tuple[Any, ...]]] = []
        self._variables: list[Any] = []
        self._position: dict[int, int] = {}

    def declare(self, name: str, keys: Iterable[Any], bounds: Callable[..., tuple[float, float]], whole: bool = False
                ) -> None:
        """Variables of a name, one for every key."""
        domain = pyo.Integers if whole else pyo.Reals
        family: Any = pyo.Var(list(keys), domain=domain, bounds=lambda _, *key: bounds(*key))
        self.model.add_component(name, family)
        for variable in family.values():
            self._position[id(variable)] = len(self._variables)
            self._variables.append(variable)
            self.lower.append(float(variable.lb))
            self.upper.append(float(variable.ub))
            self.columns.append(_key(variable))
            self.whole.append(whole)
        setattr(self, name, family)

    def require(self, rule: Callable[..., Any], keys: Iterable[Any]) -> None:
        """Constraints of a function, one for every key that it does not skip."""
        self.model.add_component(rule.__name__, pyo.Constraint(list(keys), rule=lambda _, *key: rule(self, *key)))

    def total(self, numbers: list[float], columns: Iterable[Any]) -> Any:
        """Numbers times columns, as one sum; 0 without any."""
        return sum([number * column for number, column in zip(numbers, columns, strict=True)])

    def linear(self, total: Any) -> tuple[dict[int, float], float]:
        """Every column of a sum once, with what it is multiplied by; and the number."""
        if isinstance(total, (int, float)):
            return {}, float(total)
        form: Any = generate_standard_repn(total, compute_values=True)
        return {self._position[id(variable)]: float(number)
                for number, variable in zip(form.linear_coefs, form.linear_vars, strict=True)}, float(form.constant)

    def matrices(self) -> tuple[sparse.csc_array, np.ndarray, np.ndarray]:
        """All rows as a matrix (m, n), their kinds (m,) and their right sides (m,)."""
        self.model.every_variable = pyo.Objective(expr=sum(self._variables))  # columns seen nowhere would be dropped
        form = LinearStandardFormCompiler().write(self.model, mixed_form=True, column_order=self._variables)
        if [id(variable) for variable in form.columns] != [id(variable) for variable in self._variables]:
            raise AssertionError("the compiler changed the order of the columns")
        self.rows = [_key(row.constraint) for row in form.rows]
        return form.A.tocsc(), np.array([row.bound_type for row in form.rows]), np.asarray(form.rhs, dtype=float)


def _key(data: Any) -> tuple[str, tuple[Any, ...]]:
    index = data.index()
    return data.parent_component().local_name, index if isinstance(index, tuple) else (index,)
