"""What the doctor looks at around an instance: Redis, the mail server, the provider."""

from collections.abc import AsyncIterator
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from parlour.cli.findings import Finding
from parlour.config import Settings
from parlour.kit.clock import SystemClock
from parlour.kit.errors import Problem
from parlour.kit.http import GuardedClient
from parlour.kit.mail import Mailer
from parlour.staff.openid.provider import Provider
from parlour.staff.openid.refusals import ProviderAway

_PATIENCE: Final = 3


async def redis(settings: Settings) -> AsyncIterator[Finding]:
    """Look at Redis, which several processes need."""
    if not settings.redis_url:
        yield Finding("Redis", "good", "not used: one process serves")
        return
    client = Redis.from_url(
        settings.redis_url, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE
    )
    try:
        await client.ping()
    except (RedisError, OSError, ValueError) as error:
        yield Finding("Redis", "bad", f"cannot be reached ({type(error).__name__})")
    else:
        yield Finding("Redis", "good", "reached")
    finally:
        await client.aclose()


async def mail(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the mail server: connect, encrypt, sign in, and send nothing."""
    if not settings.smtp_url:
        told = "no mail server: visitors cannot be asked for an address"
        if settings.is_at_home:
            told = "no mail server: codes for visitors are printed at the server's terminal"
        yield Finding("mail", "good", told)
        return
    try:
        await Mailer(settings.smtp_url, settings.mail_from, terminal=False).check()
    except Problem as error:
        yield Finding("mail", "bad", str(error))
    else:
        yield Finding("mail", "good", "the mail server lets us in")


async def provider(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the OpenID provider by which people sign in, if there is one."""
    if not settings.oidc_issuer:
        return
    client = GuardedClient(settings)
    try:
        await Provider(settings, client, SystemClock()).offer()
    except ProviderAway as error:
        yield Finding("provider", "bad", f"{settings.oidc_issuer}: {error.reason}")
    else:
        yield Finding("provider", "good", f"{settings.oidc_issuer} answers")
    finally:
        await client.close()
