"""What the doctor found: one thing looked at, and how it is."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "odd", "bad"]
"""In order; worth a look; it cannot work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, and how it is."""

    what: str
    level: Level
    told: str
