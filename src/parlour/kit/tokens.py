"""Random ids, keyed hashes, signed link tokens and sealed secrets, all from the instance's keys."""

import base64
import hashlib
import hmac
import os
import re
import string
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

Token = TypeVar("Token")

ALPHABET: Final = string.digits + string.ascii_letters
_LETTERS: Final = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_UNEVEN: Final = bytes(range(256 - 256 % len(ALPHABET), 256))
"""The bytes left out, so that every letter is equally likely."""
SHORTEST_KEY: Final = 16
"""Characters that a secret key must have at least."""

_ID_LENGTH: Final = 22
"""62**22 is a little over 2**130."""

_TOKEN_FORM: Final = re.compile(r"[A-Za-z0-9_-]{40}(?:[A-Za-z0-9_-]{4})?\Z", re.ASCII)
_LINK: Final = "lnk_"
_SHARE: Final = "shr_"
_SESSION_MAC: Final = 16
_SESSION_FORM: Final = re.compile(r"vs_[0-9A-Za-z]{22}[0-9a-f]{16}\Z", re.ASCII)
_HEAD: Final = struct.Struct(">BB8sI")
_ADDRESS_BYTES: Final = 3
_MAC_BYTES: Final = 16
_TOKENS_KEPT: Final = 2048
_FIRST: Final = 1
_LATER: Final = 2
"""What a token is that carries no address, and one that does."""
FOREVER: Final = 0
"""The expiry, in a token, of a link that never ends."""


def new_id(prefix: str) -> str:
    """Make an id such as `msg_…`: 130 random bits after the prefix, no order, no meaning."""
    return f"{prefix}_{_random(_ID_LENGTH)}"


def new_secret(prefix: str) -> str:
    """Make a bearer secret: 238 random bits behind a prefix that leak scanners can know."""
    return f"{prefix}_{_random(40)}"


def _random(length: int) -> str:
    """Make random letters and digits. A page takes three, so they are drawn all at once."""
    made = b""
    while len(made) < length:
        made += os.urandom(2 * length).translate(_LETTERS, _UNEVEN)
    return made[:length].decode()


def new_link_id() -> str:
    """Make a link's id: eight random bytes, short because the link's token carries them."""
    return _LINK + _b64(os.urandom(8))


def new_share_id() -> str:
    """Make a share's id, as short as a link's, because its token carries it, too."""
    return _SHARE + _b64(os.urandom(8))


def new_address() -> int:
    """Draw the number of another address of a link; it is not secret, and tells no order."""
    return int.from_bytes(os.urandom(_ADDRESS_BYTES), "big") or 1


@dataclass(frozen=True, slots=True)
class LinkToken:
    """What a genuine link token says of itself, before any database is asked."""

    kind: int
    link_id: str
    expires: int
    """Seconds since 1970 UTC, or FOREVER."""
    address: int = 0
    """Which of the link's addresses it is: 0 the first one, else a random number."""


@dataclass(frozen=True, slots=True)
class ShareToken:
    """What a genuine share's token says of itself, before any database is asked."""

    mode: int
    share_id: str
    expires: int
    """Seconds since 1970 UTC."""


def _share_token(mode: int, share_id: str, expires: int, _address: int) -> ShareToken:
    """A share has one address."""
    return ShareToken(mode, share_id, expires)


class _Stamp(Generic[Token]):
    """Signs and opens the tokens of one purpose: a kind, an id, an end, and which address."""

    def __init__(
        self, keys: list[bytes], prefix: str, made: Callable[[int, str, int, int], Token]
    ) -> None:
        """Sign with the first of these keys, and verify with every one."""
        self._keys = keys
        self._key_ids = [_derived(key, "id")[0] for key in keys]
        self._prefix = prefix
        self._made = made
        self.open = lru_cache(_TOKENS_KEPT)(self._open)

    def sign(self, kind: int, id_: str, expires: int, address: int = 0) -> str:
        version, more = _FIRST, b""
        if address:
            version, more = _LATER, address.to_bytes(_ADDRESS_BYTES, "big")
        raw = _unb64(id_.removeprefix(self._prefix))
        head = _HEAD.pack(version << 4 | kind, self._key_ids[0], raw, expires) + more
        return _b64(head + hmac.digest(self._keys[0], head, "sha256")[:_MAC_BYTES])

    def _open(self, token: str) -> Token | None:
        if not _TOKEN_FORM.match(token):
            return None
        raw = _unb64(token)
        head, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        first, key_id, id_, expires = _HEAD.unpack_from(head)
        address = int.from_bytes(head[_HEAD.size :], "big")
        genuine = False
        for own_id, key in zip(self._key_ids, self._keys, strict=True):
            if own_id == key_id:
                made = hmac.digest(key, head, "sha256")[:_MAC_BYTES]
                genuine = hmac.compare_digest(mac, made) or genuine
        if not genuine or first >> 4 != (_LATER if len(head) > _HEAD.size else _FIRST):
            return None
        return self._made(first & 15, self._prefix + _b64(id_), expires, address)


class Keyring:
    """The instance's secret keys: the first signs, every one verifies.

    Each use derives a key of its own, so that a value made for one purpose is no use for another.
    """

    def __init__(self, keys: list[str]) -> None:
        """Take the secret keys, newest first. At least one, each of 16 characters or more."""
        if not keys or any(len(key) < SHORTEST_KEY for key in keys):
            raise ValueError(f"a secret key must have at least {SHORTEST_KEY} characters")
        self._masters = [hashlib.sha256(key.encode()).digest() for key in keys]
        self._links = _Stamp(self._derived("link"), _LINK, LinkToken)
        self._shares = _Stamp(self._derived("share"), _SHARE, _share_token)
        self._hashes = self._derived("hash")
        self._sessions = [HMAC(key, SHA256()) for key in self._hashes]
        self._seal = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(key)) for key in self._derived("seal")]
        )

    def _derived(self, purpose: str) -> list[bytes]:
        return [_derived(master, purpose) for master in self._masters]

    def fingerprints(self) -> list[str]:
        """Name each key without telling it, to notice a database that other keys made."""
        return [key.hex()[:16] for key in self._derived("fingerprint")]

    def sign_link(self, kind: int, link_id: str, expires: int, address: int = 0) -> str:
        """Make a link's token: 40 characters that carry its kind and expiry, unforgeable.

        `expires` is in seconds since 1970 UTC, FOREVER for a link that never ends. The same link
        gives the same token each time, as long as the signing key stays. Another `address` than
        the first takes four characters more.
        """
        return self._links.sign(kind, link_id, expires, address)

    def open_link(self, token: str) -> LinkToken | None:
        """Read a link token; None when it is malformed or not signed by one of our keys.

        What a token says never changes, so the tokens of a busy hour are checked once each.
        """
        return self._links.open(token)

    def sign_share(self, mode: int, share_id: str, expires: int) -> str:
        """Make a share's token, of the form of a link's and as unforgeable; no link opens by it."""
        return self._shares.sign(mode, share_id, expires)

    def open_share(self, token: str) -> ShareToken | None:
        """Read a share's token; None when it is malformed or not signed by one of our keys."""
        return self._shares.open(token)

    def mint_session(self, scope: str) -> str:
        """Make a session secret that `minted` knows again within `scope`, without storing it."""
        random = new_id("vs")
        return random + self._session_mac(self._sessions[0], scope, random)

    def minted(self, secret: str, scope: str) -> bool:
        """Whether one of our keys made this session secret for this scope."""
        if not _SESSION_FORM.match(secret):
            return False
        random, mac = secret[:-_SESSION_MAC], secret[-_SESSION_MAC:]
        made = [self._session_mac(key, scope, random) for key in self._sessions]
        return any(hmac.compare_digest(mac, each) for each in made)

    @staticmethod
    def _session_mac(key: HMAC, scope: str, random: str) -> str:
        # Begun once for each key: every page takes one, in half the time of `hmac.digest`.
        made = key.copy()
        made.update(f"session/{scope}/{random}".encode())
        return made.finalize().hex()[:_SESSION_MAC]

    def hashed(self, secret: str) -> str:
        """Hash a high-entropy secret with the newest key, for storing."""
        return _keyed(self._hashes[0], secret)

    def hashes(self, secret: str) -> list[str]:
        """Hash a secret with every key, newest first, for finding it after a key rotation."""
        return [_keyed(key, secret) for key in self._hashes]

    def seal(self, text: str) -> str:
        """Encrypt a secret that must be read again, such as an agent's API key."""
        return self._seal.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt what `seal` made; ValueError when none of our keys made it."""
        try:
            return self._seal.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise ValueError("sealed with a key that this instance does not have") from error


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"parlour/" + purpose.encode(), "sha256")


def _keyed(key: bytes, secret: str) -> str:
    return hmac.digest(key, secret.encode("utf-8", "surrogatepass"), "sha256").hex()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
