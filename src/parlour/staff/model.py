"""What a person of the staff is, and what may be their e-mail address and their password."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from parlour import rights
from parlour.config import Settings
from parlour.kit.clock import DAY, Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import trouble
from parlour.rights import Role

LONGEST_NAME: Final = 200
LONGEST_EMAIL: Final = 254
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 256

INVITED_FOR: Final[Moment] = 7 * DAY
"""How long an invitation can be accepted."""
IDLE: Final[Moment] = 7 * DAY
"""A session ends when it has not been used for so long."""
LONGEST_SESSION: Final[Moment] = 30 * DAY
"""A session ends after so long however much it is used."""

_EMAIL: Final = re.compile(r"[^@\s\"<>()\[\]\\,;:]+@[^@\s\"<>()\[\]\\,;:]+\Z")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a workspace's staff, as colleagues may see them."""

    id: str
    workspace_id: str
    email: str
    name: str
    role: Role
    view_personal: bool
    """Whether they see the personal details of visitors, whatever their role."""
    analytics: bool
    """Whether they see the figures of the server, whatever their role."""
    created_at: Moment
    updated_at: Moment
    updated_by: str
    """The name of whoever changed this last, for the one who comes second."""
    disabled_at: Moment | None

    @property
    def sees_personal(self) -> bool:
        """Whether they are shown personal details, by whatever right."""
        return rights.sees_personal(
            self.role, view_personal=self.view_personal, analytics=self.analytics
        )


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which a person is signed in."""

    id: str
    client: str
    """The browser in words, such as `Firefox on Linux`."""
    created_at: Moment
    seen_at: Moment
    expires_at: Moment


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that nobody has accepted yet."""

    id: str
    workspace_id: str
    email: str
    role: Role
    view_personal: bool
    analytics: bool
    created_at: Moment
    created_by: str
    expires_at: Moment


def canonical(email: str) -> str:
    """Return the one form in which an e-mail address is kept; Invalid when it is none."""
    made = email.strip()
    # Judged before it is brought into one form, too: putting a megabyte of marks in order takes
    # the better part of a minute.
    if (said := trouble(made, LONGEST_EMAIL)) is None:
        made = unicodedata.normalize("NFC", made).lower()
        said = trouble(made, LONGEST_EMAIL)
    if said is None and not _EMAIL.match(made):
        said = "must be an e-mail address, such as ana@example.org"
    if said is not None:
        raise Invalid(f"email {said}", errors=[FieldError("email", said)])
    return made


def named(name: str) -> str:
    """Return a person's name as it is kept; Invalid when it cannot be one."""
    made = name.strip()
    if (said := trouble(made, LONGEST_NAME)) is not None:
        raise Invalid(f"name {said}", errors=[FieldError("name", said)])
    return made


def role_of(word: str) -> Role:
    """Read a role; Invalid names those there are."""
    if word not in set(Role):
        said = f"must be one of {', '.join(Role)}"
        raise Invalid(f"role {said}", errors=[FieldError("role", said)])
    return Role(word)


def may_use_password(settings: Settings, role: Role) -> bool:
    """Whether people of a role may come in by a password, or only by the provider."""
    return settings.passwords == "everybody" or role is Role.OWNER


def password_trouble(password: str, email: str) -> str | None:
    """Say why a password is not good enough; None when it is."""
    if len(password) < SHORTEST_PASSWORD:
        return f"has at least {SHORTEST_PASSWORD} characters; a few words together are fine"
    if len(password) > LONGEST_PASSWORD:
        return f"has at most {LONGEST_PASSWORD} characters"
    if password.strip().casefold() in {email.casefold(), email.partition("@")[0].casefold()}:
        return "must not be the e-mail address"
    if len(set(password)) < 4:
        return "must not be the same few characters again and again"
    return None


def require_password(password: str, email: str, field: str = "password") -> None:
    """Invalid, on that field, for a password that is not good enough."""
    if (said := password_trouble(password, email)) is not None:
        raise Invalid(f"the password {said}", errors=[FieldError(field, said)])
