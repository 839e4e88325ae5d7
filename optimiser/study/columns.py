"""What the tables of a study hold, column by column, and how they are written as Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

STATUSES = ("optimal", "within_gap", "work_limit", "time_limit", "infeasible", "failed")
GROUP = 1 << 17  # lines of a row group: some MB, so that a reader may skip those it doesn't want


@dataclass(frozen=True)
class Column:
    """One column: its type in Arrow's words, its unit (`1`: a share or number without unit), what it means."""

    type: str
    unit: str
    meaning: str


_ROW = Column("int64", "", "Number of the variant, from 0; row 0 is the base case.")
_REGION = Column("string", "", "Code of the region.")

COLUMNS: dict[str, dict[str, Column]] = {
    "design": {
        "row": _ROW,
        "sample": Column("bool", "", "Whether the row belongs to the design; no for the base case."),
        # and one float64 column per factor: a lever's value, or the position (quantile, 0 to 1) of an uncertainty
    },
    "status": {
        "row": _ROW,
        "component": Column("string", "", "Regions that were solved together, joined by `-`."),
        "status": Column("string", "", f"How the search ended: {', '.join(STATUSES)}."),
        "reason": Column("string", "", "Why, where there is no answer."),
        "gap": Column("float64", "1", "Distance of the first aim to its bound, as a share; NaN where there is none."),
        "seconds": Column("float64", "s", "Time of the search; 0 where an answer was reused."),
        "same_as": Column("int64", "", "Row whose answer was reused because nothing of the component differs; or -1."),
    },
    "outcomes": {
        "row": _ROW,
        "region": _REGION,
        "outcome": Column("string", "", "unfilled, cost, permits, list_changes, worst_coverage or listed."),
        "value": Column("float64", "unfilled: weighted person-years; cost: EUR; permits: permits; list_changes: "
                        "entries and exits; worst_coverage: share; listed: occupations", "What the plan comes to."),
        "bound": Column("float64", "as value", "No plan can be better; NaN where nothing is proved."),
    },
    "listed": {
        "row": _ROW,
        "region": _REGION,
        "occupation": Column("string", "", "Code of an occupation that is listed; others have no line."),
        "review": Column("int64", "", "Review in which it is, from 1."),
        "quota": Column("float64", "permits", "Permits over the years of the review."),
        "filled": Column("float64", "person-years", "Shortage that they fill over the years of the review."),
    },
    "lists": {
        "component": Column("string", "", "Regions that were solved together, joined by `-`."),
        "list": Column("string", "", "Name of a list that is kept in all worlds: base, a row's, or a file's."),
        "region": _REGION,
        "occupation": Column("string", "", "Code of an occupation that it lists."),
        "review": Column("int64", "", "Review in which it does, from 1."),
    },
    "regret": {
        "row": _ROW,
        "region": Column("string", "", "Region, or regions that were solved together, joined by `-`."),
        "list": Column("string", "", "Name of a list; see `lists`."),
        "value": Column("float64", "weighted person-years", "What it leaves unfilled in the world of the row, with the "
                        "best quotas found; infinite without a plan, NaN where the time was not enough."),
        "bound": Column("float64", "weighted person-years", "No quotas for it leave less."),
    },
}
RESULTS = ("status", "outcomes", "listed")


class Sheet:
    """A table that is written as Parquet, a row group at a time: never more than one of them in memory.

    Parameters
    ----------
    name : str
        Of `COLUMNS`.
    about : dict of text
        Metadata of the file.
    factors : sequence of str
        Names of further float columns (of a design).
    """

    def __init__(self, name: str, about: Mapping[str, str], factors: Sequence[str] = ()):
        types = {column: pa.type_for_alias(each.type) for column, each in COLUMNS[name].items()}
        types |= dict.fromkeys(factors, pa.float64())
        self.schema = pa.schema([pa.field(column, kind, nullable=False) for column, kind in types.items()],
                                dict(about))
        texts: Any = [column for column, kind in types.items() if kind == pa.string()]
        self._out = io.BytesIO()
        self._writer = pq.ParquetWriter(self._out, self.schema, compression="zstd", use_dictionary=texts)
        self._lines: list[Sequence[Any]] = []

    def add(self, lines: Iterable[Sequence[Any]]) -> None:
        """Add lines, each with a value for every column in order."""
        self._lines += lines
        while len(self._lines) >= GROUP:
            self._flush(GROUP)

    def done(self) -> bytes:
        """The whole file."""
        if self._lines:
            self._flush(len(self._lines))
        self._writer.close()
        return self._out.getvalue()

    def _flush(self, count: int) -> None:
        columns = list(zip(*self._lines[:count], strict=True))
        arrays = [pa.array(values, type=kind.type) for values, kind in zip(columns, self.schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema), row_group_size=count)
        del self._lines[:count]


def design_file(design: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    """A design as a Parquet file."""
    first = list(COLUMNS["design"])
    factors = [str(name) for name in design.columns if name not in first]
    sheet = Sheet("design", about, factors)
    sheet.add(design[[*first, *factors]].itertuples(index=False, name=None))
    return sheet.done()
