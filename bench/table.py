"""One measured figure beside its budget, and the table of all."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, what came out, and what it may be at most (or must be, at least)."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> str:
        if self.most is not None:
            return "met" if self.value <= self.most else "MISSED"
        if self.least is not None:
            return "met" if self.value >= self.least else "MISSED"
        return ""

    @property
    def budget(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g}"
        return f"≥ {self.least:g}" if self.least is not None else ""


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def show(figures: list[Figure]) -> str:
    """Write the figures as a Markdown table."""
    lines = ["| figure | measured | budget | |", "|---|---:|---:|---|"]
    for each in figures:
        value = f"{each.value:,.1f}" if abs(each.value) < 1000 else f"{each.value:,.0f}"
        lines.append(f"| {each.name} | {value} {each.unit} | {each.budget} | {each.verdict} |")
    return "\n".join(lines)
