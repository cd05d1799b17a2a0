"""Sharing an agent in the studio: who may come in and on which terms, its widgets, its links."""

from parlour.web.studio.agents.sharing import (
    files,
    hours,
    identity,
    limits,
    mode,
    page,
    private,
    switches,
    tools,
    uses,
    verify,
    words,
)

HANDLERS = [
    *page.HANDLERS,
    *mode.HANDLERS,
    *private.HANDLERS,
    *uses.HANDLERS,
    *verify.HANDLERS,
    *identity.HANDLERS,
    *words.HANDLERS,
    *switches.HANDLERS,
    *files.HANDLERS,
    *tools.HANDLERS,
    *hours.HANDLERS,
    *limits.HANDLERS,
]
