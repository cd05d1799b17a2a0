"""Why somebody whom a provider sent does not come in, in words they can act on."""

from parlour.kit.errors import Problem


class NotLetIn(Problem):
    """The provider said who it is, and that one may not come in."""

    status = 403
    title = "Not signed in"
    default_code = "not_let_in"


class ProviderAway(Problem):
    """The provider does not answer, or not as a provider does; `reason` is for the log."""

    status = 503
    title = "The provider does not answer"
    default_code = "provider_away"

    def __init__(self, reason: str) -> None:
        """Tell people one sentence for all reasons."""
        super().__init__("it cannot be reached just now, or does not answer as it should")
        self.reason = reason


class NotTrusted(Problem):
    """The provider's answer does not prove anything; `reason` is for the log."""

    status = 502
    title = "The provider's answer cannot be trusted"
    default_code = "provider_not_trusted"

    def __init__(self, reason: str) -> None:
        """Tell people one sentence for all reasons."""
        told = "the answer of the provider cannot be trusted, so nobody was signed in; try again"
        super().__init__(told)
        self.reason = reason


class NotOurRound(Problem):
    """An answer to something that this browser did not begin, or too long ago."""

    status = 400
    title = "Begin again"
    default_code = "begin_again"
