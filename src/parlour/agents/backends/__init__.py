"""The kinds of backend an agent can have; each is one file and one line in KINDS."""

from typing import Any, Final

from parlour.agents.backends import documents, function, openai, webhook
from parlour.agents.kinds import Kind

KINDS: Final[dict[str, Kind[Any]]] = {
    kind.name: kind
    for kind in (
        documents.KIND,
        openai.KIND,
        webhook.KIND,
        function.KIND,
    )
}
