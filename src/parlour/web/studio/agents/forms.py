"""The form of an agent: what it sends, what its backend makes of it, and how it is filled again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from parlour.agents import keeping
from parlour.agents.kinds import KEEP
from parlour.agents.model import Content
from parlour.kit.errors import FieldError, Invalid

FORM: Final = Body(media_type=RequestEncodingType.URL_ENCODED)


@dataclass(frozen=True, slots=True)
class Backend:
    """A kind of backend as people choose it."""

    label: str
    sentence: str
    fields: tuple[str, ...]
    """Those of `AgentForm` that set it up."""


BACKENDS: Final = {
    "documents": Backend(
        "Documents",
        "Answers from what you upload, and shows the place each time. No key, nothing leaves.",
        ("path", "embeddings_base_url", "embeddings_model", "embeddings_api_key"),
    ),
    "openai": Backend(
        "A model",
        "Any server that speaks the OpenAI protocol, on your own machine or elsewhere.",
        (
            "base_url",
            "model",
            "api_key",
            "instructions",
            "temperature",
            "max_output_tokens",
            "images",
        ),
    ),
    "webhook": Backend(
        "Your own program",
        "A signed HTTP request to an address of yours; it answers at once or as a stream.",
        ("url", "verify_response", "rotate_secret", "keep_secret"),
    ),
    "function": Backend(
        "A Python function",
        "A callable on this server that whoever runs it has allowed.",
        ("target",),
    ),
}

_FOR_PROGRAMS: Final = re.compile(r" \((?:rotate|keep)_secret\)")
_SECRETS: Final = {"api_key", "embeddings_api_key"}
_SWITCHES: Final = ("verify_response", "rotate_secret", "keep_secret", "images")
_TEXTS: Final = ("display_name", "description", "welcome_message", "placeholder")


class AgentForm(msgspec.Struct, frozen=True):
    """All that the form of an agent may send; each backend reads its own."""

    name: str = ""
    backend: str = "documents"
    display_name: str = ""
    description: str = ""
    welcome_message: str = ""
    starters: str = ""
    """One to a line."""
    placeholder: str = ""
    accent: str = ""
    own: str = ""
    """A colour of one's own, which goes before the one that was chosen."""
    path: str = ""
    embeddings_base_url: str = ""
    embeddings_model: str = ""
    embeddings_api_key: str = ""
    drop_embeddings_api_key: str = ""
    base_url: str = ""
    model: str = ""
    api_key: str = ""
    drop_api_key: str = ""
    instructions: str = ""
    temperature: str = ""
    max_output_tokens: str = ""
    images: str = ""
    url: str = ""
    verify_response: str = ""
    rotate_secret: str = ""
    keep_secret: str = ""
    """Another host shall know the present secret."""
    target: str = ""
    seen: str = ""
    """The mark of the draft that stood on the page."""
    then: str = ""
    """`publish`: what is saved shall be published, too."""

    def texts(self) -> dict[str, Any]:
        """Return what visitors read of the agent."""
        lines = [line.strip() for line in self.starters.splitlines()]
        found: dict[str, Any] = {name: _lines(getattr(self, name)) for name in _TEXTS}
        starters = tuple(line for line in lines if line)
        return {**found, "starters": starters, "accent": self.own.strip() or self.accent}

    def config(self, backend: str) -> dict[str, Any]:
        """Return how the backend shall be set up; Invalid for a number that is none."""
        given: dict[str, Any] = {}
        for name in BACKENDS[backend].fields:
            text = getattr(self, name).strip()
            if name in _SECRETS:
                given[name] = text or (None if getattr(self, f"drop_{name}") else KEEP)
            elif name in _SWITCHES:
                given[name] = bool(text)
            elif name in ("temperature", "max_output_tokens"):
                given[name] = _number(name, text)
            elif text:
                given[name] = _lines(text)
        return given

    def typed(self) -> dict[str, str]:
        """Return what was typed, as the form shows it again; secrets are not put back."""
        kept = {name: getattr(self, name)[:60_000] for name in self.__struct_fields__}
        for name in _SECRETS:
            kept[name] = ""
        for name in _SWITCHES:
            kept[name] = kept[name] or "no"
        kept["accent"] = "own" if self.own.strip() else self.accent
        return kept


BLANK: Final = dict.fromkeys(AgentForm.__struct_fields__, "")
"""What the form of a new agent shows."""


def filled(content: Content) -> dict[str, str]:
    """Return a draft as the form shows it."""
    shown = keeping.shown_config(content)
    values = {**BLANK, **{name: getattr(content, name) for name in _TEXTS}}
    values["starters"] = "\n".join(content.starters)
    values["accent"] = content.accent
    for name in BACKENDS[content.backend].fields:
        value = shown.get(name)
        if name not in _SECRETS and value is not None and value is not False:
            values[name] = "1" if value is True else str(value)
    return values


def fields_of(errors: Mapping[str, str]) -> dict[str, str]:
    """Name errors by the field they stand at: a starter's is that of all of them.

    What programs would send, named in brackets, is a box of the form.
    """
    return {field.partition("[")[0]: _FOR_PROGRAMS.sub("", told) for field, told in errors.items()}


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _number(name: str, text: str) -> float | int | None:
    if not text:
        return None
    try:
        return int(text.replace(",", "")) if name == "max_output_tokens" else float(text)
    except ValueError:
        raise Invalid("not a number", errors=[FieldError(name, "must be a number")]) from None
