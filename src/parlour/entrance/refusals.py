"""How the house says no to a visitor: which status and words each reason has."""

from parlour.agents.model import Content
from parlour.kit.errors import NotFound, Problem
from parlour.links.rules import Refuse, Why


class Refused(Problem):
    """The house says no to a visitor, and why."""

    def __init__(
        self,
        refusal: Refuse,
        content: Content | None = None,
        accent: str | None = None,
        *,
        said: bool = False,
        known: bool = False,
        own_words: str = "",
        language: str = "",
        origins: tuple[str, ...] = (),
        remembers: bool = False,
    ) -> None:
        """Carry the refusal; whose door it is, and how it looks, if that may be told.

        `said`: whether this visitor has an open conversation here. `known`: whether they are known
        here at all. `own_words`: what the owner says about it. `language`: of the agent's pages,
        where the owner chose one. `origins`: the sites in whose pages it may be told. `remembers`:
        whether the agent remembers who proves who they are.
        """
        self.refusal = refusal
        self.content = content
        self.accent = accent
        self.own_words = own_words
        self.language = language
        self.origins = origins
        self.remembers = remembers
        self.readable = said and refusal.why.is_over
        """Whether this visitor may still read what they said here."""
        self.owns = known and refusal.why is not Why.NOT_HERE
        """Whether this visitor still sees, takes along and deletes what is kept of them."""
        self.status = STATUS[refusal.why]
        said_so = SAID[refusal.why].format(most=refusal.most)
        super().__init__(said_so, code=refusal.why.value, retry_after=refusal.wait)
        self.per_minute = refusal.most if refusal.why is Why.TOO_MANY else None

    @property
    def after_reply(self) -> bool:
        """Whether who is inside may first see the reply to its end that is being written."""
        return self.refusal.why.is_over


class NoSuchSession(NotFound):
    """A session that is nobody's, or somebody's on another link."""

    default_code = "session_not_found"
    after_reply = False


STATUS = {
    Why.NOT_FOUND: 404,
    Why.DISABLED: 403,
    Why.EXPIRED: 410,
    Why.REPLACED: 410,
    Why.NOT_OPEN: 503,
    Why.CLOSED: 503,
    Why.NOT_PUBLISHED: 403,
    Why.OFFLINE: 503,
    Why.PRIVATE: 403,
    Why.NOT_HERE: 403,
    Why.WRONG_PERSON: 403,
    Why.VERIFICATION_REQUIRED: 401,
    Why.USED_UP: 410,
    Why.FULL: 503,
    Why.TOO_LONG: 413,
    Why.TOO_MANY: 429,
    Why.BUDGET_SPENT: 429,
}

SAID = {
    Why.NOT_FOUND: "there is nothing here",
    Why.DISABLED: "this link is switched off",
    Why.EXPIRED: "this link has ended",
    Why.REPLACED: "this link has another address now; ask whoever gave you this one",
    Why.NOT_OPEN: "this link is not open yet",
    Why.CLOSED: "this link is closed just now",
    Why.NOT_PUBLISHED: "this assistant is not published yet",
    Why.OFFLINE: "this assistant is away for now",
    Why.PRIVATE: "this assistant answers only people who have a link of their own",
    Why.NOT_HERE: "this assistant may not be used inside a page of this site",
    Why.WRONG_PERSON: "this conversation was confirmed with another e-mail address",
    Why.VERIFICATION_REQUIRED: "confirm your e-mail address first",
    Why.USED_UP: "this link has been used as often as it can be",
    Why.FULL: "as many people are talking here as can at once",
    Why.TOO_LONG: "a message may have {most} characters at most",
    Why.TOO_MANY: "that was too much at once; wait a little",
    Why.BUDGET_SPENT: "what was set aside for now has been used",
}
"""What programs are told; `{most}` is the refusal's number."""
