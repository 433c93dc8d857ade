"""What was measured, what it is measured against, and how that is written down."""

import dataclasses
import math
import statistics

PEER = "docker-registry"


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure. `limit` is a bar of its own, `factor` a bar beside the peer: 2 with `more` is "twice as much as the
    peer", 0.5 with `less` "half as much as the peer". Without either the bar is to be ahead of the peer, unless
    `is_compared` says that this figure is no contest."""

    name: str
    unit: str
    better: str = "less"
    limit: float | None = None
    factor: float | None = None
    is_compared: bool = True

    @property
    def bar(self):
        sign = "≤" if self.better == "less" else "≥"
        texts = [] if self.limit is None else [f"{sign} {self.limit:,g}"]
        if self.factor is not None:
            texts.append(f"{sign} {self.factor:g} × the peer")
        return " and ".join(texts)

    def is_within(self, ours, bar):
        return ours <= bar if self.better == "less" else ours >= bar

    def is_met(self, ours, theirs):
        """Whether the bar was reached; nil without one."""
        bars = [] if self.limit is None else [self.limit]
        if self.factor is not None and theirs is not None:
            bars.append(self.factor * theirs)
        return all(self.is_within(ours, bar) for bar in bars) if bars else None

    def is_ahead(self, ours, theirs):
        """Whether it is at least as good as the peer's; nil where there is nothing to compare."""
        return self.is_within(ours, theirs) if self.is_compared and theirs is not None else None


class Table:
    """Figures of several runs. What is shown and judged is the median."""

    def __init__(self):
        self.runs = {}

    def add(self, row, server, value):
        self.runs.setdefault(row, {}).setdefault(server.name, []).append(value)

    def median(self, row, name):
        values = self.runs[row].get(name)
        return statistics.median(values) if values else None

    def figures(self):
        """Each row with our median and the peer's."""
        for row in self.runs:
            ours, theirs = self.median(row, "homeport"), self.median(row, PEER)
            if ours is not None:
                yield row, ours, theirs

    def markdown(self):
        lines = [
            f"| work | unit | Homeport | {PEER} | ratio | ahead | bar | met |",
            "|---|---|--:|--:|--:|---|---|---|",
        ]
        for row, ours, theirs in self.figures():
            peer = "–" if theirs is None else figure(theirs)
            ratio = f"{ours / theirs:.2f}" if theirs and row.is_compared else "–"
            ahead, met = word(row.is_ahead(ours, theirs)), word(row.is_met(ours, theirs))
            lines.append(
                f"| {row.name} | {row.unit} | {figure(ours)} | {peer} | {ratio} | {ahead} | {row.bar} | {met} |")
        return "\n".join(lines)

    def shortfalls(self):
        """What was missed in this run, in plain words."""
        missed, behind = [], []
        for row, ours, theirs in self.figures():
            if row.is_met(ours, theirs) is False:
                missed.append(f"* {row.name}: {figure(ours)} {row.unit}; the bar is {row.bar}.")
            if row.is_ahead(ours, theirs) is False:
                behind.append(f"* {row.name}: {figure(ours)} {row.unit}, the peer {figure(theirs)}.")
        return "\n\n".join([
            "\n".join(["Bars that were not met in this run:", ""] + missed) if missed else "Every bar was met.",
            "\n".join(["Worse than the peer in this run:", ""] + behind) if behind else "Nothing was worse than the peer.",
        ])


def word(judgement):
    return {True: "yes", False: "**no**", None: "–"}[judgement]


def figure(value):
    """Three digits that mean something."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 3)}f}"


MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")


def write_into(path, text):
    """Puts the text into a page between its two marks; the rest of the page stays."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin, end = MARKS
    if page.count(begin) != 1 or page.count(end) != 1:
        raise SystemExit(f"{path} needs the lines {begin} and {end}, once each")
    head, rest = page.split(begin)
    tail = rest.split(end)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{head}{begin}\n{text}\n{end}{tail}")
