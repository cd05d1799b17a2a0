"""Agents: what they are, their drafts and published versions, and the backends that answer."""
