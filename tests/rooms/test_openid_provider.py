"""What a process remembers of the provider, and when it asks again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from time import time

import pytest

from parlour.kit.clock import HOUR, SECOND, SetClock
from parlour.staff.openid.provider import KEYS_AGAIN, Provider
from parlour.staff.openid.refusals import NotTrusted, ProviderAway
from parlour.tools import Tools
from tests.rig.provider import CLIENT, SECRET, FakeProvider, fake_provider

pytestmark = pytest.mark.only_on("sqlite")

CONFIGURATION = "/.well-known/openid-configuration"


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    """A provider that answers as the test says."""
    async with fake_provider() as made:
        yield made


@pytest.fixture
def clock() -> SetClock:
    """A clock that the test moves."""
    return SetClock(int(time()) * SECOND)


@pytest.fixture
def provider(tools: Tools, fake: FakeProvider, clock: SetClock) -> Provider:
    """What asks it."""
    known = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    settings = replace(tools.settings, oidc_issuer=fake.issuer, **known)  # type: ignore[arg-type]
    return Provider(settings, tools.http, clock)


def token(fake: FakeProvider) -> str:
    return fake._id_token({"client_id": CLIENT, "subject": "u1", "nonce": "n"})


async def test_a_new_key_is_found_and_the_old_one_is_forgotten(
    provider: Provider, fake: FakeProvider, clock: SetClock
) -> None:
    former = token(fake)
    assert (await provider.verified(former))["sub"] == "u1"
    fake.rotate()
    for _ in range(3):
        with pytest.raises(NotTrusted):
            await provider.verified(token(fake))
    assert fake.asked.count("/keys") == 1, "strangers do not make us ask the provider"
    clock.forward(KEYS_AGAIN)
    assert (await provider.verified(token(fake)))["sub"] == "u1"
    assert fake.asked.count("/keys") == 2
    with pytest.raises(NotTrusted):
        await provider.verified(former)
    clock.forward(HOUR)
    await provider.verified(token(fake))
    assert fake.asked.count("/keys") == 3, "a key that was taken back is not believed for ever"


async def test_keys_it_cannot_use_are_nobodys(provider: Provider, fake: FakeProvider) -> None:
    fake.broken = {"/keys": (200, b'{"keys": [{"kty": "oct", "k": "AAAA"}, 7, {}]}')}
    with pytest.raises(ProviderAway):
        await provider.verified(token(fake))
    fake.broken = {"/keys": (200, b'{"keys": 7}')}
    with pytest.raises(ProviderAway):
        await provider.verified(token(fake))


async def test_what_it_offers_is_asked_once_an_hour(
    provider: Provider, fake: FakeProvider, clock: SetClock
) -> None:
    await provider.offer()
    await provider.offer()
    assert fake.asked == [CONFIGURATION]
    fake.broken = {CONFIGURATION: (500, b"")}
    await provider.offer()
    clock.forward(HOUR)
    with pytest.raises(ProviderAway):
        await provider.offer()
    fake.broken = {}
    await provider.offer()


async def test_over_https_nothing_goes_over_http(
    tools: Tools, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secret would be read on the way."""
    issuer = "https://login.example.org"
    made = Provider(replace(tools.settings, oidc_issuer=issuer), tools.http, clock)
    said = dict.fromkeys(("authorization_endpoint", "jwks_uri"), f"{issuer}/x")

    async def answer(*_args: object, **_more: object) -> dict[str, str]:
        return {**said, "issuer": issuer, "token_endpoint": "http://login.example.org/token"}

    monkeypatch.setattr(made, "_json", answer)
    with pytest.raises(ProviderAway):
        await made.offer()


async def test_closed_networks_stay_closed(tools: Tools, fake: FakeProvider) -> None:
    """SSR-01: the issuer is an address that a person typed."""
    from parlour.kit.http import GuardedClient

    settings = replace(tools.settings, oidc_issuer=fake.issuer, allow_networks=())
    client = GuardedClient(settings)
    with pytest.raises(ProviderAway) as refused:
        await Provider(settings, client, tools.clock).offer()
    assert "PARLOUR_ALLOW_NETWORKS" in refused.value.reason
    assert fake.asked == []
    await client.close()
