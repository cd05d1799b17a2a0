"""The mail with a code: what it says, and the job that sends it."""

import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from parlour.kit.mail import Mail, MailRefused, paragraphs, tame
from parlour.kit.queue.jobs import GivenUp, Job
from parlour.tools import Tools
from parlour.verification import codes

log = structlog.get_logger("parlour.verification")

SEND: Final = "verification.send"
"""The job that sends the mail with a code."""
_LONGEST_NAME: Final = 60
_WORDS: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("letters.toml").read_text("utf-8")
)


class Letter(msgspec.Struct, frozen=True):
    """What the mail needs; it is kept encrypted, and only until the mail is on its way."""

    to: str
    code: str
    agent: str
    goes: bool
    """Whether it is sent at all: to who may not come in it is not, and nobody can tell."""
    language: str = "en"
    """What its reader reads."""


def sealed(tools: Tools, letter: Letter) -> str:
    """Encrypt a letter."""
    return tools.keys.seal(msgspec.json.encode(letter).decode())


def written(letter: Letter) -> Mail:
    """Write the mail with a code."""
    words = _WORDS.get(letter.language, _WORDS["en"])
    agent = tame(letter.agent, _LONGEST_NAME) or words["somebody"]
    shown = f"{letter.code[:3]} {letter.code[3:]}"
    said = (
        words["code"].format(code=letter.code, agent=agent),
        words["good"],
        words["otherwise"],
    )
    return Mail(
        to=letter.to,
        subject=words["subject"].format(code=shown),
        text="\n\n".join(said) + "\n",
        html=paragraphs(*said),
    )


async def send(tools: Tools, job: Job) -> None:
    """Send the mail of a code, unless it was sent, used or replaced meanwhile.

    Raises:
        MailAway: to be tried again. GivenUp: the mail server will never take it.
    """
    code_id: Any = job.payload["code"]
    kept = await tools.db.read(codes.sealed, code_id, tools.clock.now())
    if kept is None:
        return
    letter = msgspec.json.decode(tools.keys.unseal(kept), type=Letter)
    if letter.goes:
        try:
            await tools.mail.send(written(letter))
        except MailRefused as error:
            log.warning("verification.refused", code=code_id, error=error.detail)
            await tools.db.write(codes.sent, code_id)
            raise GivenUp(error.detail) from None
    await tools.db.write(codes.sent, code_id)
