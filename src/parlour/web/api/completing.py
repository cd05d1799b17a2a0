"""Having done with a conversation, for programs: completed for a reason, and opened again."""

from litestar import post

from parlour import takeover
from parlour.rights import Permission, Who
from parlour.takeover import completing
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.api.conversations import ConversationShown, conversation_shown
from parlour.web.api.strict import Strict
from parlour.web.gates import key

_ANSWER = {"gate": key(Permission.CONVERSATIONS_ANSWER)}
_ONE = "/api/conversations/{conversation_id:str}"


class Complete(Strict, frozen=True):
    """Why the team has done with a conversation."""

    reason: str
    """`solved`, `silent`, `elsewhere`, `spam` or `other`."""
    seen: int | None = None
    """The place (`seq`) of the last message you know of: refused if the visitor wrote since."""


@post(_ONE + "/complete", opt=_ANSWER, status_code=200)
async def complete(
    tools: Tools, who: Who, conversation_id: str, data: Complete
) -> ConversationShown:
    """Say that the team has done with it; what its visitor writes next opens it again."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    reason = completing.reason_of(data.reason)
    await takeover.complete(tools, who, talk.id, reason, data.seen)
    return await _shown(tools, who, talk.id)


@post(_ONE + "/reopen", opt=_ANSWER, status_code=200)
async def reopen(tools: Tools, who: Who, conversation_id: str) -> ConversationShown:
    """Say that the team has not done with it after all."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    await takeover.reopen(tools, who, talk.id)
    return await _shown(tools, who, talk.id)


async def _shown(tools: Tools, who: Who, conversation_id: str) -> ConversationShown:
    talk = await tools.db.read(finding.find, who, conversation_id)
    return conversation_shown(who, talk, tools.clock.now())


HANDLERS = [complete, reopen]
