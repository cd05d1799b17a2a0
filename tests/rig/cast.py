"""The people of every story; who they are never changes, so that a name says the situation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a story; `canary` is what nobody else may ever be shown."""

    name: str
    email: str
    canary: str
    is_a: str


VERA = Person("Vera", "vera@visitors.example", "vera-heron-5821", "visitor who comes by a link")
ODIN = Person("Odin", "odin@team.example", "odin-otter-7310", "operator of the team")
TESS = Person("Tess", "tess@team.example", "tess-tapir-4409", "team lead, no personal details")
PIA = Person("Pia", "pia@team.example", "pia-puffin-2967", "team lead who may see personal details")
SAM = Person("Sam", "sam@elsewhere.example", "sam-stoat-9182", "stranger without any right")
GUS = Person("Gus", "gus@guests.example", "gus-gecko-6645", "guest who comes by a share")

CAST = (VERA, ODIN, TESS, PIA, SAM, GUS)
