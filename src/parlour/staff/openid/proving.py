"""What an answer that came back with the browser proves: who somebody is at the provider."""

import structlog

from parlour.staff.openid import claims
from parlour.staff.openid.claims import Asked, Identity
from parlour.staff.openid.provider import Provider
from parlour.staff.openid.refusals import NotLetIn, NotTrusted
from parlour.staff.openid.rounds import Answer, Round
from parlour.tools import Tools

log = structlog.get_logger("parlour.openid")

_LONGEST_CODE = 4_000


async def proved(
    tools: Tools, provider: Provider, begun: Round, answer: Answer, redirect_uri: str
) -> Identity:
    """Find out who it is, in the round that this browser began.

    Raises:
        NotLetIn: the provider did not sign anybody in. ProviderAway: it does not answer.
        NotTrusted: it answers, and that proves nothing; the log says why.
    """
    try:
        return await _proved(tools, provider, begun, answer, redirect_uri)
    except NotTrusted as error:
        issuer = tools.settings.oidc_issuer
        log.warning("openid.not_trusted", issuer=issuer, reason=error.reason)
        raise


async def _proved(
    tools: Tools, provider: Provider, begun: Round, answer: Answer, redirect_uri: str
) -> Identity:
    settings, offer = tools.settings, await provider.offer()
    if (answer.issuer or offer.names_itself) and answer.issuer != settings.oidc_issuer:
        raise NotTrusted("the answer is of another issuer")
    if answer.error or not 0 < len(answer.code) <= _LONGEST_CODE:
        raise NotLetIn("the provider did not sign you in; begin again")
    tokens = await provider.exchange(answer.code, begun.verifier, redirect_uri)
    said = await provider.verified(tokens.id_token)
    asked = Asked(settings.oidc_issuer, settings.oidc_client_id, begun.nonce, tools.clock.now())
    if (trouble := claims.trouble(said, asked)) is not None:
        raise NotTrusted(trouble)
    more = {} if said.get("email") else await provider.userinfo(tokens.access_token)
    try:
        return claims.identity(settings.oidc_issuer, said, more)
    except ValueError as error:
        raise NotTrusted(str(error)) from None
