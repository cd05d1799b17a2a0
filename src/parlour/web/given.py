"""What a visitor's page is given beside what is said: by its address, and by its own forms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from litestar.datastructures import FormMultiDict
from litestar.types import Scope

from parlour.agents.model import Content
from parlour.agents.variables import Definition, Misfit
from parlour.entrance import NOTHING_BROUGHT, Brought, look, vouched
from parlour.tools import Tools
from parlour.web import queries
from parlour.web.gates import Asked
from parlour.web.words import spoken

PREFIX: Final = "v."
SIGNED: Final = "signed"
_LONGEST: Final = 2_000
_LONGEST_SIGNED: Final = 4_096
_MOST: Final = 30


@dataclass(frozen=True, slots=True)
class Given:
    """Values for what an agent collects, as they came; what is wrong with some of them, by name."""

    values: Mapping[str, str] = field(default_factory=dict)
    signed: str = ""
    misfits: Mapping[str, Misfit] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values or self.signed or self.misfits)

    def address(self) -> dict[str, str]:
        """Return it as an address carries it."""
        told = {PREFIX + name: value for name, value in self.values.items()}
        return {**told, SIGNED: self.signed} if self.signed else told

    def beside(self, content: Content | None) -> list[tuple[str, str]]:
        """Return the hidden fields of the page: values that no field of it asks for."""
        defined = () if content is None else content.variables
        hidden = [
            (PREFIX + each.name, self.values[each.name])
            for each in defined
            if each.name in self.values and not each.asked and not each.signed
        ]
        return [*hidden, (SIGNED, self.signed)] if self.signed and defined else hidden


NOTHING: Final = Given()


def of_address(scope: Scope) -> Given:
    """Return what an address gives: `?v.plan=gold`, or `?signed=` what vouches for more."""
    query = scope["query_string"]
    if not query or (b"v." not in query and b"signed=" not in query):
        return NOTHING
    values = [(k, v[:_LONGEST]) for k, v in queries.named(query, PREFIX).items()]
    signed = queries.field(query, SIGNED)
    return Given(dict(values[:_MOST]), signed if len(signed) <= _LONGEST_SIGNED else "")


def of_form(form: FormMultiDict) -> Given:
    """Return what a form of the page sends."""
    sent = [(key, str(value)) for key, value in form.multi_items()]
    values = {key[len(PREFIX) :]: value for key, value in sent if key.startswith(PREFIX)}
    kept = {name: value[:_LONGEST] for name, value in [*values.items()][:_MOST]}
    signed = str(form.get(SIGNED, ""))
    return Given(kept, signed if len(signed) <= _LONGEST_SIGNED else "")


async def brought(
    tools: Tools,
    token: str,
    values: Mapping[str, Any] | None,
    signed: str | None,
    files: Sequence[str] = (),
) -> Brought:
    """Return what comes along with a message; Refused where something is signed for no link."""
    if not values and not signed and not files:
        return NOTHING_BROUGHT
    vouched_for = await vouched(tools, token, signed) if signed else {}
    return Brought(values or {}, vouched_for, tuple(files))


async def in_words(request: Asked, tools: Tools, names: Iterable[str], language: str) -> str:
    """Return the message of somebody who filled in a form: what it asked for, and no value."""
    door = await look(tools, request.path_params["token"], None)
    defined: tuple[Definition, ...] = () if door.content is None else door.content.variables
    filled = {*names}
    titles = [each.title for each in defined if each.name in filled]
    if not titles:
        return ""
    return spoken(language)[1].page["filled"].format(names=", ".join(titles))


def form_of(content: Content) -> list[dict[str, Any]]:
    """Return what is asked for before the first message."""
    return [
        {
            "name": each.name,
            "label": each.title,
            "type": each.type.value,
            "options": list(each.options),
            "required": each.required,
        }
        for each in content.variables
        if each.asked
    ]
