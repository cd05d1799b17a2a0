"""What is measured of replies: how many are under way, how they end, how long they take."""

from typing import Final

from parlour.kit import observe

UNDER_WAY: Final = observe.gauge("replies_under_way", "Replies that this process is writing.")
ENDED: Final = observe.counter("replies", "Replies that this process ended, by how.", "state")
SECONDS: Final = observe.histogram(
    "reply_seconds", "From asking a backend to the end of its reply, stored."
)
