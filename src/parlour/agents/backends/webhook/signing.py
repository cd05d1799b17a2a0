"""Both ends of the signature between an agent and the program behind it."""

from collections.abc import Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from parlour.agents.contract import BackendFailure
from parlour.kit.http import signed


class Proof:
    """Signs one question and verifies what is said to answer it."""

    def __init__(self, turn_id: str, webhooks: list[Webhook]) -> None:
        """Take the secrets, newest first."""
        self._id = turn_id
        self._webhooks = webhooks

    def headers(self, body: str) -> dict[str, str]:
        """Sign a request with every secret, so that the receiver may know either."""
        return signed.headers(self._webhooks, self._id, body)

    def verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Refuse a body that none of the secrets signed for this question."""
        if headers.get("webhook-id") != self._id:
            raise BackendFailure("bad_answer", "the answer is not signed for this question")
        for each in self._webhooks:
            try:
                each.verify(body, dict(headers), json_parse=False)
            except (WebhookVerificationError, ValueError):
                continue
            return
        raise BackendFailure("bad_answer", "the answer's signature is not right")

    def verify_digest(self, digest: str, line: Mapping[str, Any]) -> None:
        """Refuse a signature line that does not fit what came before it."""
        told = {f"webhook-{key}": str(line.get(key, "")) for key in ("timestamp", "signature")}
        self.verify(digest.encode(), {"webhook-id": self._id, **told})
