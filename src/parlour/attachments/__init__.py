"""Attachments: files that visitors send with their messages, judged by content, kept as rows."""

from parlour.attachments.judging import KINDS, TOGETHER, Judged, Taking
from parlour.attachments.store import Content, Held

__all__ = ["KINDS", "TOGETHER", "Content", "Held", "Judged", "Taking"]
