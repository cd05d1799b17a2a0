"""The settings of a documents agent: a folder, and who may name which."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from parlour.agents.kinds import KEEP, check_url, fitted, wrong
from parlour.agents.library import indexing, vectors
from parlour.agents.library.folder import listed
from parlour.kit.errors import Conflict
from parlour.kit.http import Blocked, parse
from parlour.tools import Tools

_KEY: Final = re.compile(r"[\x21-\x7e]{1,1000}\Z", re.ASCII)

Url = Annotated[str, Meta(max_length=2_000)]
Model = Annotated[str, Meta(max_length=200)]
FolderPath = Annotated[str, Meta(min_length=1, max_length=1_000)]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the documents lie, and who may help to find in them."""

    path: FolderPath
    """The folder; kept as an absolute path without links in it."""
    embeddings_base_url: Url = ""
    """An OpenAI-compatible server, `https://host/v1`; empty: words alone decide."""
    embeddings_model: Model = ""
    embeddings_key_sealed: str = ""


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person may write."""

    path: FolderPath
    embeddings_base_url: Url | None = None
    embeddings_model: Model | None = None
    embeddings_api_key: str | UnsetType | None = UNSET
    """Absent or "set": stays. null or empty: taken away."""


def accept(
    given: Mapping[str, Any], previous: Config | None, tools: Tools, *, trusted: bool
) -> Config:
    """Take in a folder; over HTTP, only one that lies below a folder the owner has listed."""
    new = fitted(given, Given)
    folder = _folder(new.path, previous, tools, trusted=trusted)
    base_url, model = new.embeddings_base_url or "", new.embeddings_model or ""
    if bool(base_url) != bool(model):
        missing = "embeddings_model" if base_url else "embeddings_base_url"
        raise wrong(missing, "the address of an embeddings server and its model go together")
    if not base_url:
        return Config(folder)
    if not vectors.available():
        raise wrong("embeddings_base_url", "needs numpy: install parlour[embeddings]")
    try:
        endpoint(base_url)
    except Blocked as blocked:
        raise wrong("embeddings_base_url", str(blocked)) from None
    return Config(folder, base_url, model, _key(new, previous, tools))


def _folder(path: str, previous: Config | None, tools: Tools, *, trusted: bool) -> str:
    if "\0" in path:
        raise wrong("path", "a path holds no NUL")
    folder = Path(path).expanduser() if trusted else Path(path)
    if not trusted and not folder.is_absolute():
        raise wrong("path", "give the whole path, from the root")
    try:
        resolved = folder.resolve()
    except (OSError, RuntimeError):
        raise wrong("path", "cannot be followed") from None
    if not trusted and (previous is None or previous.path != str(resolved)):
        roots = [root.resolve() for root in tools.settings.documents_roots]
        if not any(resolved.is_relative_to(root) for root in roots):
            raise wrong("path", "lies in no folder that PARLOUR_DOCUMENTS_ROOTS lists")
    return str(resolved)


def _key(new: Given, previous: Config | None, tools: Tools) -> str:
    """Return the sealed key; one that was kept stays only while the address stays."""
    if isinstance(new.embeddings_api_key, str) and new.embeddings_api_key not in ("", KEEP):
        if not _KEY.match(new.embeddings_api_key):
            told = "a key is made of printable ASCII characters without spaces"
            raise wrong("embeddings_api_key", told)
        return tools.keys.seal(new.embeddings_api_key)
    if new.embeddings_api_key not in (UNSET, KEEP) or previous is None:
        return ""
    if previous.embeddings_key_sealed and previous.embeddings_base_url != new.embeddings_base_url:
        raise wrong("embeddings_api_key", "give the key again when embeddings_base_url changes")
    return previous.embeddings_key_sealed


async def check(config: Config, tools: Tools, *, trusted: bool) -> None:
    """Refuse a folder that holds nothing to read, and an address that may not be called."""
    await asyncio.to_thread(listed, Path(config.path))
    if config.embeddings_base_url:
        await check_url("embeddings_base_url", config.embeddings_base_url, tools, trusted=trusted)


def shown(config: Config) -> dict[str, Any]:
    """Show everything but the key."""
    if not config.embeddings_base_url:
        return {"path": config.path}
    return {
        "path": config.path,
        "embeddings_base_url": config.embeddings_base_url,
        "embeddings_model": config.embeddings_model,
        "embeddings_api_key": KEEP if config.embeddings_key_sealed else None,
    }


def endpoint(base_url: str) -> str:
    """Find the address of the embeddings; Blocked when the base is not a plain address.

    `https://host` means its `/v1`; any path is taken as it stands, with or without a final slash.
    """
    target = parse(base_url)
    path, mark, query = target.rest.partition("?")
    path = path.rstrip("/") or "/v1"
    return target.origin + path.removesuffix("/embeddings") + "/embeddings" + mark + query


def server_of(config: Config, tools: Tools) -> vectors.Server | None:
    """Return the embeddings server to ask, if there is one."""
    if not config.embeddings_base_url:
        return None
    try:
        sealed = config.embeddings_key_sealed
        key = tools.keys.unseal(sealed) if sealed else ""
    except ValueError:
        return None  # sealed with a key that this instance no longer has: words alone decide
    return vectors.Server(endpoint(config.embeddings_base_url), config.embeddings_model, key)


async def prepare(config: Config, agent_id: str, tools: Tools) -> None:
    """Read the folder: what changed since the last time, or all of it."""
    try:
        await indexing.index(tools, agent_id, Path(config.path), server=server_of(config, tools))
    except Conflict:
        return  # a later run has taken over, and does the same
