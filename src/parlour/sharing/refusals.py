"""Why a share's address opens nothing: there is no such share, or its time is over."""

from typing import Literal

from parlour.kit.clock import Moment
from parlour.kit.errors import Gone, NotFound

Why = Literal["share_expired", "share_revoked"]


class NoSuchShare(NotFound):
    """The token is forged or malformed, or what it opened is erased; all alike."""

    after_reply = False
    """Whether the reply that is being written may be seen to its end."""


class ShareOver(Gone):
    """It was a share: its time is over, or whoever shared has taken it back."""

    title = "This is not shared any more"
    after_reply = False

    def __init__(self, why: Why, at: Moment | None = None) -> None:
        """Say which, and when its time was over."""
        told = {
            "share_expired": "the time for which this conversation was shared is over",
            "share_revoked": "whoever shared this conversation has taken it back",
        }
        super().__init__(told[why], code=why)
        self.at = at
