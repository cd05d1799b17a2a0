"""What may be said in a conversation: a message's text, and the id its sender gave it; pure."""

from parlour.kit.errors import FieldError, Invalid, TooLarge
from parlour.kit.texts import trouble

LONGEST_CLIENT_ID = 100


def checked(text: str, longest: int) -> str:
    """Return a message's text. Invalid for what is none, TooLarge beyond `longest` characters."""
    if not text.strip():
        raise Invalid("the message is empty", errors=[FieldError("message", "must not be empty")])
    if len(text) > longest:
        raise TooLarge(f"the message has more than {longest} characters")
    if "\0" in text or _has_surrogates(text):
        raise Invalid(
            "the message has characters that are no text",
            errors=[FieldError("message", "must not contain NUL or lone surrogates")],
        )
    return text


def checked_id(client_id: str | None) -> str | None:
    """Return the sender's own id of a message; Invalid for one that does not fit."""
    said = None if client_id is None else trouble(client_id, LONGEST_CLIENT_ID)
    if said is not None:
        raise Invalid("the message's id does not fit", errors=[FieldError("message_id", said)])
    return client_id


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
