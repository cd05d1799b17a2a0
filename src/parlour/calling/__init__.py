"""Calling the team: a visitor needs a person, and is heard of until somebody sees to it."""

from parlour.calling.seeing import acknowledge, leave_address
from parlour.calling.sending import SEND, buried, send
from parlour.calling.telling import tell

__all__ = ["SEND", "acknowledge", "buried", "leave_address", "send", "tell"]
