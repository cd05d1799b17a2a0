"""Memory: what an agent remembers of a visitor who proved who they are, for them alone."""

from parlour.memory.keeping import (
    Held,
    count,
    delete,
    delete_own,
    forget,
    forget_agent,
    let_go,
    of_visitor,
    seen_by,
)
from parlour.memory.store import Recalled, recall
from parlour.memory.updating import UPDATE, counted, update

__all__ = [
    "UPDATE",
    "Held",
    "Recalled",
    "count",
    "counted",
    "delete",
    "delete_own",
    "forget",
    "forget_agent",
    "let_go",
    "of_visitor",
    "recall",
    "seen_by",
    "update",
]
