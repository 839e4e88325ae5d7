"""Sums that several families need: each is made once for a model, and kept with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

Sum = Callable[..., Any]


def once(total: Sum) -> Sum:
    """The function of a model and a key, whose sums are kept in `m.sums`."""
    @wraps(total)
    def kept(m: Any, *key: Any) -> Any:
        made = m.sums[total]
        if (found := made.get(key)) is None:
            found = made[key] = total(m, *key)
        return found
    return kept
