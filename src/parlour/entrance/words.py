"""Words of the owner's that stand for a token in an address."""

from parlour.links import naming
from parlour.tools import Tools


async def named(tools: Tools, text: str) -> str:
    """Return the token of the link that a word in an address leads to; else the text as it is.

    What is no word is not looked for: tokens, genuine and forged, cost no read more than before.
    """
    word = naming.asked(text)
    found = None if word is None else await tools.db.read(naming.named, word)
    return text if found is None or not tools.has(found.workspace_id) else found.token(tools.keys)
