"""The settings of a documents agent: a folder or uploaded documents, and who may name which."""

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
from parlour.agents.library.sources import Folder, Source, Uploaded, Uploads
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict
from parlour.kit.http import Blocked, parse
from parlour.tools import Tools

_KEY: Final = re.compile(r"[\x21-\x7e]{1,1000}\Z", re.ASCII)

Url = Annotated[str, Meta(max_length=2_000)]
Model = Annotated[str, Meta(max_length=200)]
FolderPath = Annotated[str, Meta(max_length=1_000)]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An uploaded document, as a draft or a version names it."""

    name: str
    file: str
    """The id of its bytes."""
    size: int
    digest: str
    at: Moment
    by: str


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the documents lie, and who may help to find in them."""

    path: FolderPath = ""
    """The folder; kept as an absolute path without links in it. Empty: it answers from uploads."""
    uploads: tuple[Document, ...] = ()
    """The uploaded documents, by name."""
    read_from: str = ""
    """Another agent that has read the very same documents; its library is searched."""
    embeddings_base_url: Url = ""
    """An OpenAI-compatible server, `https://host/v1`; empty: words alone decide."""
    embeddings_model: Model = ""
    embeddings_key_sealed: str = ""
    embeddings_key_at: Moment = 0


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person may write."""

    path: FolderPath | None = None
    """Absent, null or empty: documents are uploaded."""
    documents: int | UnsetType = UNSET
    """Stands in what is shown; documents are uploaded and removed by themselves."""
    embeddings_base_url: Url | None = None
    embeddings_model: Model | None = None
    embeddings_api_key: str | UnsetType | None = UNSET
    """Absent or "set": stays. null or empty: taken away."""


def accept(
    given: Mapping[str, Any], previous: Config | None, tools: Tools, *, trusted: bool
) -> Config:
    """Take in a folder; over HTTP, only one that lies below a folder the owner has listed.

    Without a folder the documents are those that were uploaded, which only uploading changes.
    """
    new = fitted(given, Given)
    uploads = () if previous is None else previous.uploads
    if new.path and uploads:
        raise wrong("path", "remove the uploaded documents first, or make another agent")
    folder = _folder(new.path, previous, tools, trusted=trusted) if new.path else ""
    base_url, model = new.embeddings_base_url or "", new.embeddings_model or ""
    if bool(base_url) != bool(model):
        missing = "embeddings_model" if base_url else "embeddings_base_url"
        raise wrong(missing, "the address of an embeddings server and its model go together")
    if not base_url:
        return Config(folder, uploads)
    if not vectors.available():
        raise wrong("embeddings_base_url", "needs numpy: install parlour[embeddings]")
    try:
        endpoint(base_url)
    except Blocked as blocked:
        raise wrong("embeddings_base_url", str(blocked)) from None
    key = _key(new, previous, tools)
    kept = previous is not None and previous.embeddings_key_sealed == key
    at = previous.embeddings_key_at if kept and previous else tools.clock.now() if key else 0
    return Config(
        folder,
        uploads,
        embeddings_base_url=base_url,
        embeddings_model=model,
        embeddings_key_sealed=key,
        embeddings_key_at=at,
    )


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
    if config.path:
        await asyncio.to_thread(listed, Path(config.path))
    if config.embeddings_base_url:
        await check_url("embeddings_base_url", config.embeddings_base_url, tools, trusted=trusted)


def shown(config: Config) -> dict[str, Any]:
    """Show everything but the key."""
    source = {"path": config.path} if config.path else {"documents": len(config.uploads)}
    if not config.embeddings_base_url:
        return source
    return {
        **source,
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


def lacking(config: Config) -> str:
    """Say what keeps it from answering; empty when nothing does."""
    return "" if config.path or config.uploads else "upload at least one document first"


def source_of(config: Config) -> Source:
    """Return where its documents come from."""
    if config.path:
        return Folder(Path(config.path))
    return Uploads([Uploaded(d.name, d.file, d.size, d.digest) for d in config.uploads])


def mirrored(config: Config, published: Config | None, agent_id: str) -> Config:
    """Return the config of a preview: what visitors' agent has read already is not read again."""
    same = published is not None and (config.path, _files(config)) == (
        published.path,
        _files(published),
    )
    return msgspec.structs.replace(config, read_from=agent_id if same else "")


def _files(config: Config) -> set[tuple[str, str]]:
    return {(each.name, each.digest) for each in config.uploads}


async def prepare(config: Config, agent_id: str, sibling: str, tools: Tools) -> None:
    """Read the documents: what changed since the last time, or all of it."""
    if config.read_from or lacking(config):
        await indexing.forget(tools, agent_id)
        return
    server = server_of(config, tools)
    try:
        await indexing.index(tools, agent_id, source_of(config), server=server, sibling=sibling)
    except Conflict:
        return  # a later run has taken over, and does the same
