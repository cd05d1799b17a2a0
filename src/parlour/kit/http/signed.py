"""Signed calls as Standard Webhooks say: making a secret, signing with it, calling a program."""

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from parlour.kit.errors import Unavailable
from parlour.kit.http.client import Deadlines, GuardedClient, RequestFailed

GONE: Final = 410
"""The status by which a program says that it wants to hear no more."""
_PATIENCE: Final = Deadlines(connect=5.0, first_byte=15.0, idle=10.0, total=20.0)
_LONGEST_WAIT: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said to a call; of its words nothing is kept."""

    status: int
    retry_after: float | None = None
    """Seconds for which it asked to be left alone."""

    @property
    def is_taken(self) -> bool:
        """Whether it took what it was told."""
        return 200 <= self.status < 300


def new_secret() -> str:
    """Make a secret for a program, to be shown once and kept sealed."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(webhooks: Iterable[Webhook], id_: str, body: str) -> dict[str, str]:
    """Sign a body with every secret, so that the receiver may know either."""
    now = datetime.now(UTC)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(each.sign(id_, now, body) for each in webhooks),
    }


async def call(http: GuardedClient, url: str, keys: Sequence[str], id_: str, body: bytes) -> Answer:
    """Call a program with a signed JSON body, under an id that stays when it is called again.

    Raises:
        Unavailable: it did not answer. Blocked: its address may not be called.
    """
    sent = {
        "Content-Type": "application/json",
        **headers([Webhook(each) for each in keys], id_, body.decode()),
    }
    try:
        async with http.stream(
            "POST", url, headers=sent, body=body, deadlines=_PATIENCE
        ) as response:
            await response.settle()
            return Answer(response.status, _retry_after(response.headers))
    except RequestFailed as error:
        raise Unavailable(f"the program: {error.code}") from None


def _retry_after(told: Mapping[str, str]) -> float | None:
    written = told.get("Retry-After", "").strip()
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        return None
    return min(float(written), _LONGEST_WAIT)
