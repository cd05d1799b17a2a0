"""The files that pages load: read once, pressed once, named by their content, kept in memory."""

import gzip
import hashlib
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from parlour.web.words import LANGUAGES, catalogue

_WORTH_PRESSING: Final = 256
"""Bytes under which compressing costs more than it saves."""
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
_PRIVATE: Final = (".md", ".LICENSE")
"""Notes that lie beside vendored files and are not served."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent: its bytes, the same bytes gzipped, and its media type."""

    body: bytes
    gzipped: bytes | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All static files under one content hash, so that relative imports between them hold."""

    version: str
    files: Mapping[str, StaticFile]

    @property
    def base(self) -> str:
        """The address every file hangs under, without a slash at the end."""
        return f"/static/{self.version}"

    def find(self, version: str, path: str) -> StaticFile | None:
        """Return the file of that version and path; an older version is not kept."""
        return self.files.get(path) if version == self.version else None


@cache
def assets() -> Assets:
    """Read the static folder of the package, and write the words beside it, once per process."""
    found = dict(sorted(_walk(files("parlour.web") / "static", "")))
    found |= {f"words/{code}.js": _words(code) for code in LANGUAGES}
    digest = hashlib.sha256()
    for path, body in found.items():
        digest.update(f"{path}\0{len(body)}\0".encode() + body)
    served = {path: _pressed(path, body) for path, body in found.items()}
    return Assets(digest.hexdigest()[:12], MappingProxyType(served))


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith(_PRIVATE):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _words(code: str) -> bytes:
    """Return the script that tells the chat page's other scripts what they say in a language."""
    said = json.dumps(dict(catalogue(code).script), ensure_ascii=False, separators=(",", ":"))
    return f'import {{ tell }} from "../js/dom.js";\ntell({said});\n'.encode()


def _pressed(path: str, body: bytes) -> StaticFile:
    suffix = "." + path.rpartition(".")[2]
    media = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    # mtime=0 keeps the bytes the same from one start to the next.
    pressed = gzip.compress(body, 9, mtime=0) if len(body) > _WORTH_PRESSING else None
    return StaticFile(body, pressed, media)
