"""One row per thing measured: ours, what it is compared with, the ratio, the goal, whether it was met."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement. `value` is what the goal speaks of; a ratio where there is something to compare with."""

    what: str
    ours: str
    theirs: str
    value: float
    goal: str
    """For people, for instance "≥ 0.95"."""
    met: bool
    note: str = ""


def at_least(what: str, ours: float, theirs: float, goal: float, unit: str, note: str = "") -> Row:
    """Compare two speeds; the goal is a ratio."""
    ratio = ours / theirs if theirs else 0.0
    return Row(
        what, f"{ours:.1f} {unit}", f"{theirs:.1f} {unit}", ratio, f"≥ {goal:g} ×", ratio >= goal, note
    )


def at_most(what: str, ours: float, goal: float, unit: str, note: str = "", theirs: str = "") -> Row:
    """Judge one number that should be small."""
    return Row(what, f"{ours:.1f} {unit}", theirs, ours, f"≤ {goal:g} {unit}", ours <= goal, note)


def render(rows: Sequence[Row]) -> str:
    """Return the table as text."""
    cells = [("what", "ours", "theirs", "value", "goal", "met", "note")]
    cells += [
        (row.what, row.ours, row.theirs, f"{row.value:.3g}", row.goal, "yes" if row.met else "NO", row.note)
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def save(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1), encoding="utf-8")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie, without interpolation."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
