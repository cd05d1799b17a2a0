"""Forgetting a conversation, or a visitor with all of theirs: erased everywhere, for good."""

from parlour.forgetting.erasing import forget_conversation, forget_visitor
from parlour.forgetting.plan import Going, of_conversation, of_visitor
from parlour.forgetting.receipts import Receipt

__all__ = [
    "Going",
    "Receipt",
    "forget_conversation",
    "forget_visitor",
    "of_conversation",
    "of_visitor",
]
