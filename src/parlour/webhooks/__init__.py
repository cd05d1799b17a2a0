"""Webhooks: programs of the owner's that are told, signed, of what happens."""

from parlour.webhooks.delivering import DELIVER, deliver
from parlour.webhooks.handing_out import hand_out
from parlour.webhooks.noticing import NOTICE, notice
from parlour.webhooks.tidying import tidy

__all__ = ["DELIVER", "NOTICE", "deliver", "hand_out", "notice", "tidy"]
