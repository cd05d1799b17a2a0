"""The secret between an agent and its webhook, when the address changes."""

import pytest

from parlour.agents.backends.webhook import KIND
from parlour.kit.errors import Invalid
from tests.rig.outgoing import tools_for


def test_another_host_does_not_get_the_secret_by_the_way() -> None:
    """API-10: whoever changes the address says what becomes of the secret."""
    tools = tools_for()
    before = KIND.accept({"url": "https://here.example/answer"}, None, tools, trusted=True)
    secret = KIND.made(None, before, tools)["secret"]
    shown = KIND.shown(before)
    same = KIND.accept({**shown, "url": shown["url"] + "/v2"}, before, tools, trusted=True)
    assert same.secrets_sealed == before.secrets_sealed
    moved = {**shown, "url": "https://elsewhere.example/answer"}
    with pytest.raises(Invalid) as refused:
        KIND.accept(moved, before, tools, trusted=True)
    assert "url" in refused.value.errors[0].field
    kept = KIND.accept({**moved, "keep_secret": True}, before, tools, trusted=True)
    assert kept.secrets_sealed == before.secrets_sealed
    fresh = KIND.accept({**moved, "rotate_secret": True}, before, tools, trusted=True)
    assert len(fresh.secrets_sealed) == 1
    assert KIND.made(before, fresh, tools)["secret"] != secret
