"""How an agent is shared: who may come in and on which terms; said once, in force at once."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from msgspec.structs import replace

from parlour import events
from parlour.agents import doing, instead, store
from parlour.agents.model import Agent
from parlour.kit.addresses import listing
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.kit.hours import ALWAYS, Schedule
from parlour.kit.hours import checked as checked_hours
from parlour.kit.texts import trouble
from parlour.rights import Who
from parlour.tools import Tools

LONGEST_USE: Final = 366 * 24 * 60
"""Minutes that a use of a link may last at most."""


MOST_A_MINUTE: Final = 10_000
Rate = Annotated[int, Meta(ge=0, le=MOST_A_MINUTE)]
"""How many in any minute; 0 is without a limit."""
Tokens = Annotated[int, Meta(ge=0, le=10**12)]


MOST_SEATS: Final = 100_000
LONGEST_SEAT: Final = 24 * 60


SMALLEST_FILE: Final = 1_024
"""Bytes that the limit of a file is at least."""
LARGEST_FILE: Final = 10 * 1_048_576
"""Bytes: of what may go along with a message."""
MOST_FILES: Final = 5


class Mode(StrEnum):
    """Who may come in at all."""

    ANYONE = "anyone"
    """Whoever has a link; nothing is kept that would tell who they are."""
    PRIVATE = "private"
    """Only who was given a private link; the open ones are kept, and say so."""


class Language(StrEnum):
    """What the pages of visitors are written in; agents answer in any language."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"
    ITALIAN = "it"
    DUTCH = "nl"
    PORTUGUESE = "pt"
    POLISH = "pl"
    ARABIC = "ar"
    HINDI = "hi"
    CHINESE = "zh"
    JAPANESE = "ja"


WORDED: Final = (
    *("disabled", "expired", "replaced", "not_open", "closed", "not_published", "offline"),
    *(
        "private",
        "not_here",
        "wrong_person",
        "verification_required",
        "used_up",
        "full",
        "too_long",
    ),
    *("too_many", "budget_spent"),
)
"""The refusals for which an owner may have words of their own."""
LONGEST_WORDS: Final = 500
"""Characters of an owner's own words for one refusal."""


class Sharing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The terms on which visitors come to an agent. Not drafted: a change is in force at once."""

    mode: Mode = Mode.ANYONE
    verify: Literal["off", "required", "after"] = "off"
    """Whether visitors confirm an e-mail address: never, first, or after some messages."""
    verify_after: Annotated[int, Meta(ge=1, le=100)] = 3
    """After how many messages, where `verify` is `after`."""
    emails: tuple[str, ...] = ()
    """Addresses and `@domains` that may come in where one is asked for; empty: every address."""
    use_idle_minutes: Annotated[int, Meta(ge=1, le=LONGEST_USE)] = 60
    """A use of a private link with a maximum is over so long after the visitor's last message."""
    use_longest_minutes: Annotated[int, Meta(ge=1, le=LONGEST_USE)] = 1_440
    """And so long after its first message, however busy the visitor was."""
    language: Language | None = None
    """In which the pages are for a visitor whose browser names none of ours; None is English."""
    words: dict[str, str] = {}
    """What the owner says instead of the house's sentence, by the code of the refusal."""
    message_chars: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """Longest message in characters; never more than the setting, which is also what None says."""
    rate_limit_per_minute: Rate | None = None
    """Messages of one visitor in any minute; 0 is without a limit, None as the setting says."""
    rate_limit_per_place: Rate | None = None
    """Messages from one place, an IPv4 address or IPv6 network, in any minute; likewise."""
    rate_limit_per_link: Rate | None = None
    """Messages by each link in any minute; likewise."""
    daily_token_limit: Tokens = 0
    """Tokens of one visitor in a day, UTC; 0 is without a limit."""
    daily_limit_by: Literal["identity", "session", "ip"] = "identity"
    """Whom that counts; who has proved no address is counted by session."""
    budget_tokens: Tokens = 0
    """Tokens of all visitors in a period; 0 is without a budget."""
    budget_period: Literal["day", "month", "all"] = "month"
    """How long the budget is for, in UTC."""
    when_spent: str | None = None
    """The name of the agent of documents that answers when a budget is spent; None refuses."""
    turn_tokens: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    """What is reserved for an answer, as much as one may cost; None as the setting says."""
    schedule: Schedule = ALWAYS
    """When its links are open, unless one has hours of its own."""
    seats: Annotated[int, Meta(ge=0, le=MOST_SEATS)] = 0
    """How many visitors may talk at once by all its links together; 0 is any number."""
    seat_minutes: Annotated[int, Meta(ge=1, le=LONGEST_SEAT)] = 10
    """A visitor has left so long after the last message of the conversation."""
    asks_person: bool = False
    """Whether visitors may ask for a person of the team; the agent may in any case."""
    memory: bool = True
    """Whether the agent remembers visitors who proved who they are, each for themselves alone."""
    voice: bool = False
    """Whether visitors may speak into the message box, in browsers that understand speech."""
    files: tuple[Literal["image", "pdf", "text"], ...] = ()
    """What visitors may send along with a message, as far as the agent's backend takes it."""
    file_bytes: Annotated[int, Meta(ge=SMALLEST_FILE, le=LARGEST_FILE)] = 5 * 1_048_576
    """Of one file."""
    files_most: Annotated[int, Meta(ge=1, le=MOST_FILES)] = 3
    """Files with one message."""
    labels: dict[str, dict[str, str]] = {}
    """What visitors read while a tool is used: by its name, then by language, "" for all others."""
    memory_since: Moment = 0
    """Since when it does again; what was said before that is not taken in."""


DEFAULT = Sharing()


def sharing_of(stored: dict[str, Any] | None) -> Sharing:
    """Read the terms as a row of an agent holds them; none are the default ones."""
    return msgspec.convert(stored, Sharing) if stored else DEFAULT


def by_invitation(agent: Agent) -> bool:
    """Whether an agent answers only who comes by a private link."""
    return sharing_of(agent.sharing).mode is Mode.PRIVATE


def asks_email(agent: Agent) -> int | None:
    """Return after how many messages an agent asks for an address: 0 first of all; None: never."""
    terms = sharing_of(agent.sharing)
    return {"off": None, "required": 0, "after": terms.verify_after}[terms.verify]


def checked(kept: Sharing, wanted: Mapping[str, Any]) -> Sharing:
    """Return terms with these changed; Invalid, field by field, for what does not fit."""
    values = {**msgspec.structs.asdict(kept), **wanted}
    values["schedule"] = msgspec.to_builtins(values["schedule"])
    try:
        found = _worded(msgspec.convert(values, Sharing))
        hours = checked_hours(found.schedule)
        files = tuple(sorted(set(found.files)))
        return replace(found, emails=listing(values["emails"]), schedule=hours, files=files)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        field = where.strip("`") or "sharing"
        raise Invalid(f"{field}: {message}", errors=[FieldError(field, message)]) from None


def _worded(terms: Sharing) -> Sharing:
    errors = []
    for reason, text in terms.words.items():
        said = trouble(text, LONGEST_WORDS, lines=True) if reason in WORDED else "no such refusal"
        if said is not None:
            errors.append(FieldError(f"words.{reason[:40]}", said))
    if errors:
        raise Invalid("the words for refusals do not fit", errors=errors)
    wrong = doing.checked(terms.labels, {each.value for each in Language})
    if wrong:
        found = [FieldError(where, said) for where, said in wrong.items()]
        raise Invalid("the words for tools do not fit", errors=found)
    return terms


def require_mail(tools: Tools, *, asks: bool, field: str) -> None:
    """Refuse to ask visitors for an address as long as no code can reach them: Invalid."""
    if asks and not tools.settings.sends_mail:
        said = "needs a mail server, which PARLOUR_SMTP_URL names"
        raise Invalid(f"{field} {said}", errors=[FieldError(field, said)])


async def terms(tools: Tools, agent: Agent) -> Sharing:
    """Read the terms of an agent as they are now."""
    return await tools.db.read(_terms, agent.id)


async def change(
    tools: Tools, who: Who, agent: Agent, wanted: Mapping[str, Any], seen: Moment | None = None
) -> tuple[Agent, Sharing]:
    """Change some of an agent's terms; what is absent stays. Open streams are judged anew.

    `seen`: the agent's `updated_at` when the caller last looked; Stale when it was changed since.
    """

    def unit(conn: sa.Connection) -> tuple[Agent, Sharing]:
        held = store.hold(conn, agent.id)
        if seen is not None and held.updated_at != seen:
            by = held.updated_by or "somebody"
            raise Stale(f"{by} changed this meanwhile; read it again")
        kept = _terms(conn, held.id)
        new = checked(kept, wanted)
        if new == kept:
            return held, kept
        if new.verify != kept.verify:
            require_mail(tools, asks=new.verify != "off", field="verify")
        if new.when_spent is not None and new.when_spent != kept.when_spent:
            instead.check(conn, held, new.when_spent)
        now = tools.clock.now()
        if new.memory and not kept.memory:
            new = replace(new, memory_since=now)
        at = store.change(conn, held, now, sharing=msgspec.to_builtins(new), updated_by=who.name)
        changed = [
            name
            for name in new.__struct_fields__
            if name != "memory_since" and getattr(new, name) != getattr(kept, name)
        ]
        told = {"fields": sorted(changed)}
        events.record(conn, events.Kind.SHARING_CHANGED, who, now, agent_id=held.id, data=told)
        stored = msgspec.to_builtins(new)
        return msgspec.structs.replace(
            held, updated_at=at, updated_by=who.name, sharing=stored
        ), new

    return await tools.db.write(unit)


def _terms(conn: sa.Connection, agent_id: str) -> Sharing:
    wanted = sa.select(store.agents.c.sharing).where(store.agents.c.id == agent_id)
    return sharing_of(conn.execute(wanted).scalar())
