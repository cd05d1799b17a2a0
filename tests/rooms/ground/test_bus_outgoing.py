"""What waits to be sent to other processes: nothing given while a batch flies is forgotten."""

import pytest

from parlour.kit.bus import outgoing
from parlour.kit.bus.lanes import Command
from parlour.kit.bus.outgoing import Outbox

NOTE: Command = ("PUBLISH", "t:conversation:1", "me look")
EVERYONE: Command = ("PUBLISH", "all", "me")


@pytest.fixture
def outbox() -> Outbox:
    return Outbox("me", "t:", "l:", "all", 60)


async def test_the_same_hint_given_while_it_flies_is_sent_again(outbox: Outbox) -> None:
    outbox.add_note("conversation:1", "look")
    commands, sent = outbox.collect()
    assert commands == [NOTE]
    outbox.add_note("conversation:1", "look")  # something new, after the first was answered
    sent()
    commands, sent = outbox.collect()
    assert commands == [NOTE]
    sent()
    assert outbox.collect()[0] == []


async def test_what_was_never_confirmed_goes_first_next_time(outbox: Outbox) -> None:
    outbox.add_note("conversation:1", "look")
    outbox.collect()  # and the connection breaks
    outbox.add_note("conversation:2", "look")
    commands, sent = outbox.collect()
    assert commands == [NOTE, ("PUBLISH", "t:conversation:2", "me look")]
    sent()
    assert outbox.collect()[0] == []


async def test_hints_lost_while_a_batch_flies_are_owned_up_to(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "_MOST_NOTES", 2)
    for n in range(3):
        outbox.add_note("conversation:1", str(n))
    commands, sent = outbox.collect()
    assert commands.count(EVERYONE) == 1
    outbox.add_note("conversation:1", "one more than is kept")
    sent()
    commands, sent = outbox.collect()
    assert commands == [EVERYONE]
    sent()
    assert outbox.collect()[0] == []
