"""The page on which a visitor confirms an address, as bytes."""

from dataclasses import dataclass
from typing import Literal

from parlour.web.pages import Face, in_script, render
from parlour.web.words import Catalogue, spoken


@dataclass(frozen=True, slots=True)
class ProofView:
    """Confirming an address: asking for it, or for the code that was sent to it."""

    face: Face
    token: str
    nonce: str
    start: str
    """The secret to which a code is bound where there is no session yet."""
    step: Literal["email", "code"] = "email"
    email: str = ""
    """As it was typed."""
    message: str = ""
    """What the visitor was about to say, and its id: said once the address is confirmed."""
    message_id: str = ""
    trouble: str = ""
    """A code of why the last step did not work."""
    left: int | None = None
    """How often the code can still be tried."""
    wait: int | None = None
    """Seconds until another code can be asked for."""
    remembers: bool = False
    """Whether the agent remembers whoever confirms an address here."""
    owns: bool = False
    """Whether something may be kept of whoever looks, which they find in their drawer."""


def proof(view: ProofView) -> bytes:
    """Return the page on which a visitor confirms an address."""
    language, words = spoken(view.face.language)
    return render(
        "verify.html",
        words,
        language=language,
        nonce=view.nonce,
        accent=view.face.accent,
        face=view.face,
        view=view,
        p=words.proof,
        said=_proof_trouble(view, words),
        words_json=in_script({**words.proof, "tries_left": words.counted["tries_left"]}),
        asked=f"?lang={language}" if view.face.asked else "",
        yours=words.yours["menu"],
    ).encode()


def _proof_trouble(view: ProofView, words: Catalogue) -> str:
    """Say why the last step of confirming an address did not work."""
    if not view.trouble:
        return ""
    key = view.trouble
    if key == "invalid":
        key = "invalid_email"
    elif key == "invalid_code" and view.left is not None:
        if view.left:
            return words.count("tries_left", view.left)
        key = "code_expired"
    minutes = max(1, -(-(view.wait or 60) // 60))
    said = words.proof.get(key, words.proof["unsent"])
    return said.format(n=minutes)
