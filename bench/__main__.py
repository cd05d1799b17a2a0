"""Measures everything, or what is named, and prints one table.

python -m bench [relaying] [visiting] [starting] [weighing] [finding] [reading] [sharing]
    [looking] [judging] [watching] [telling] [clearing]

Needs a C compiler and two cores: one for the server, one for the load. Figures that are compared
are measured in turns within one run, so that a noisy machine disturbs both alike.
"""

import os
import sys
import time
from collections.abc import Callable

from bench import (
    clearing,
    finding,
    judging,
    looking,
    programs,
    reading,
    relaying,
    sharing,
    starting,
    telling,
    visiting,
    watching,
    weighing,
)
from bench.table import Figure, show

MEASURES: dict[str, Callable[[programs.Tools], list[Figure]]] = {
    "relaying": relaying.measure,
    "visiting": visiting.measure,
    "starting": starting.measure,
    "weighing": weighing.measure,
    "finding": finding.measure,
    "judging": judging.measure,
    "reading": reading.measure,
    "sharing": sharing.measure,
    "looking": looking.measure,
    "watching": watching.measure,
    "telling": telling.measure,
    "clearing": clearing.measure,
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(MEASURES)
    if unknown:
        print(f"no such measure: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    with programs.tools() as tools:
        for name in names or MEASURES:
            print(f"{name} …", file=sys.stderr, flush=True)
            figures += MEASURES[name](tools)
    load = os.getloadavg()
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, load {load[0]:.1f}, {os.cpu_count()} cores\n")
    print(show(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
