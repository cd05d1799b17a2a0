"""Reports: mails by which people hear how it went, and at once when something needs them."""

from parlour.reports.digesting import SEND, hand_out, send
from parlour.reports.watching import TELL, look, tell

__all__ = ["SEND", "TELL", "hand_out", "look", "send", "tell"]
