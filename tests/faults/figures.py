"""The figures of a campaign: measured and promised values, as a table."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Figure:
    """One line of the table. `wanted`: such as "0", "<= 4" or ">= 300"; "" if nothing is promised."""

    name: str
    seen: Any
    wanted: str = ""
    examples: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        if not self.wanted:
            return True
        sign, _, number = self.wanted.rpartition(" ")
        match sign:
            case "<=":
                return bool(self.seen <= float(number))
            case ">=":
                return bool(self.seen >= float(number))
        return bool(self.seen == float(number))


@dataclass
class Report:
    """The figures of one run, in the order in which they were added."""

    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, seen: Any, wanted: str = "", examples: list[str] | None = None) -> None:
        self.figures.append(Figure(name, seen, wanted, (examples or [])[:5]))

    def count(self, name: str, found: list[str]) -> None:
        """Add the length of a list of violations, which must be empty."""
        self.add(name, len(found), "0", found)

    @property
    def right(self) -> bool:
        return all(figure.right for figure in self.figures)

    def table(self, title: str) -> str:
        width = max(len(figure.name) for figure in self.figures)
        lines = [title, "-" * len(title)]
        for figure in self.figures:
            mark = "" if figure.right else "  <-- OFF"
            wanted = f"  (wanted {figure.wanted})" if figure.wanted else ""
            lines.append(f"{figure.name:<{width}}  {figure.seen}{wanted}{mark}")
            if not figure.right:
                lines += [f"{'':<{width}}    {example}" for example in figure.examples]
        return "\n".join(lines)

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(figure) | {"right": figure.right} for figure in self.figures]


def shown(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items())) or "none"
