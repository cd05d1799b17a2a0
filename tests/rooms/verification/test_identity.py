"""A visitor whom the owner's own program names: by an agent's key, for one link, for a while."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from parlour import entrance
from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.entrance import Caller, Proved, Refused
from parlour.kit.clock import HOUR, SECOND, SetClock
from parlour.kit.errors import Conflict, Invalid, NotFound
from parlour.links import keeping as links
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from parlour.verification import identities, keys, rules
from parlour.verification.keys import Made
from tests.rig.confirming import ANA, START, Browser, another

NOW = START // SECOND


@pytest.fixture
async def key(tools: Tools, owner: Who, agent: Agent) -> Made:
    return await keys.create(tools, owner, agent.id, "shop")


def signed(secret: Any, link: Link, alg: str = "HS256", kid: str = "", **claims: Any) -> str:
    """What the owner's program would sign; None leaves a claim out."""
    said = {"sub": "u1", "aud": link.id, "exp": NOW + 600, **claims}
    opened = OctKey.import_key(secret) if isinstance(secret, str) else secret
    header = {"alg": alg, **({"kid": kid} if kid else {})}
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(header, kept, opened, algorithms=[alg])


async def come(vera: Browser, token: str) -> Proved | None:
    caller = Caller(vera.session, vera.place, "Firefox on Linux")
    found = await entrance.identify(vera.tools, vera.token, caller, token)
    if found is not None:
        vera.session = found.session
    return found


async def test_who_is_named_needs_no_code(vera: Browser, key: Made, link: Link) -> None:
    assert key.secret is not None
    before = vera.session
    token = signed(key.secret, link, email="Ana@Example.org", name="Ana")
    first = await come(vera, token)
    assert first is not None
    assert vera.session != before
    await vera.say("on the phone")
    # Shown again: here nothing changes, elsewhere it is the same visitor.
    assert await come(vera, token) is not None
    assert vera.session == first.session
    laptop = another(vera)
    assert await come(laptop, token) is not None
    assert (await laptop.door()).conversation_id == vera.conversation
    # Somebody else, and who confirmed the address by a code, are others (ISO-18).
    someone = another(vera)
    await come(someone, signed(key.secret, link, sub="u2"))
    assert (await someone.door()).visitor_id != first.visitor_id
    by_code = another(vera)
    await by_code.confirm(ANA)
    assert (await by_code.door()).visitor_id != first.visitor_id


async def test_who_is_named_again_stays_known(
    vera: Browser, key: Made, link: Link, tools: Tools, clock: SetClock
) -> None:
    """Whoever keeps being named is known as long as was said, and by what is said of them now."""
    assert key.secret is not None
    first = await come(vera, signed(key.secret, link, email="ana@example.org"))
    assert first is not None
    clock.forward(rules.SESSION - HOUR)
    later = clock.now() // SECOND + 600
    again = await come(vera, signed(key.secret, link, exp=later, email="new@example.org"))
    assert again is not None
    assert (again.session, again.expires_at) == (first.session, clock.now() + rules.SESSION)
    clock.forward(2 * HOUR)
    assert (await vera.door()).visitor_id == first.visitor_id
    known = await tools.db.read(identities.of, [first.visitor_id])
    assert known[first.visitor_id].identity.email == "new@example.org"


async def test_whom_a_revoked_key_let_in_is_out(
    vera: Browser, key: Made, link: Link, tools: Tools, owner: Who, agent: Agent
) -> None:
    """Whoever had the key could have signed them; who was named again by another key stays."""
    new = await keys.create(tools, owner, agent.id, "new")
    assert key.secret is not None
    assert new.secret is not None
    rita, ben, paul = another(vera), another(vera), another(vera)
    await come(vera, signed(key.secret, link))
    await vera.say("mine")
    await come(rita, signed(key.secret, link, sub="rita"))
    await come(rita, signed(new.secret, link, sub="rita"))
    await come(ben, signed(new.secret, link, sub="ben"))
    await paul.confirm("paul@example.org")
    judged = entrance.judge(tools, vera.token, vera.session)
    assert await tools.db.read(judged) is None
    with pytest.raises(NotFound):
        await entrance.revoke_identity_key(tools, owner, "agt_other", key.key.id)
    assert await entrance.revoke_identity_key(tools, owner, agent.id, key.key.id) == 1
    bar = await tools.db.read(judged)
    assert bar is not None
    assert not bar.after_reply, "what is open ends now, not after the reply"
    for person in (rita, ben, paul):
        assert (await person.door()).refused() is None
    # What was said is still theirs, once another key names them.
    assert await come(vera, signed(new.secret, link)) is not None
    assert (await vera.door()).conversation_id == vera.conversation


async def test_a_word_that_comes_while_its_key_goes_is_not_taken(
    vera: Browser, key: Made, link: Link, tools: Tools, owner: Who, agent: Agent
) -> None:
    """However the two fall, nobody is inside afterwards by the key that is gone."""
    assert key.secret is not None
    people = [another(vera) for _ in range(8)]
    word = signed(key.secret, link)
    come_in = [come(person, word) for person in people]
    await asyncio.gather(
        *come_in[:4],
        entrance.revoke_identity_key(tools, owner, agent.id, key.key.id),
        *come_in[4:],
    )
    for person in people:
        assert (await person.door()).visitor_id is None


async def test_an_address_with_a_word_takes_nothing_from_who_follows_it(
    vera: Browser, key: Made, link: Link, tools: Tools, owner: Who, agent: Agent
) -> None:
    """Mallory has Vera open a link that names Mallory: what Vera said before stays out of it."""
    await sharing.change(tools, owner, agent, {"verify": "off"})
    assert key.secret is not None
    mallorys = signed(key.secret, link, sub="mallory")
    await vera.say("my secret")
    before = vera.session
    led = await entrance.identify(tools, vera.token, vera.caller, mallorys, takes_along=False)
    assert led is not None
    assert led.session != before
    mallory = another(vera)
    await come(mallory, mallorys)
    door = await mallory.door()
    assert (door.visitor_id, door.conversation_id) == (led.visitor_id, None)
    # A program that presents both says by itself that they are the same person.
    own = another(vera)
    await own.say("this is mine")
    await come(own, signed(key.secret, link, sub="ana"))
    assert (await own.door()).conversation_id == own.conversation


async def test_a_key_that_can_be_opened_no_more_bars_no_other(
    vera: Browser, key: Made, link: Link, tools: Tools, owner: Who, agent: Agent
) -> None:
    """It was sealed under a secret of the instance that is gone."""
    old = await keys.create(tools, owner, agent.id, "old")

    def spoil(conn: sa.Connection) -> None:
        values = sa.update(keys.keys).where(keys.keys.c.id == old.key.id)
        conn.execute(values.values(sealed="what another secret had sealed"))

    await tools.db.write(spoil)
    assert key.secret is not None
    assert await come(vera, signed(key.secret, link)) is not None
    assert await come(another(vera), signed("another secret of enough length", link)) is None


@pytest.mark.parametrize(
    ("claims", "is_good"),
    [
        ({"exp": NOW + 1}, True),
        ({"exp": NOW}, False),
        ({"exp": NOW - 1}, False),
        ({"exp": NOW + 3_630}, True),
        ({"exp": NOW + 3_631}, False),
        ({"exp": None}, False),
        ({"exp": "tomorrow"}, False),
        ({"exp": True}, False),
        ({"nbf": NOW + 30}, True),
        ({"nbf": NOW + 31}, False),
        ({"aud": "lnk_AAAAAAAAAAA"}, False),
        ({"aud": None}, False),
        ({"aud": []}, False),
        ({"sub": None}, False),
        ({"sub": ""}, False),
        ({"sub": 5}, False),
        ({"sub": "a\nb"}, False),
        ({"sub": "x" * 300}, False),
        ({"email": "a@x.org\r\nBcc: b@x.org"}, True),
    ],
)
async def test_what_it_must_say(
    vera: Browser, key: Made, link: Link, claims: dict[str, Any], is_good: bool
) -> None:
    """Clock tests at one second before, at, and after; what proves nothing leaves who it was."""
    assert key.secret is not None
    before = vera.session
    found = await come(vera, signed(key.secret, link, **claims))
    assert (found is not None) is is_good
    if not is_good:
        assert vera.session == before
        with pytest.raises(Refused):
            await vera.say()


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_forgeries(
    vera: Browser, key: Made, link: Link, tools: Tools, owner: Who, agent: Agent
) -> None:
    """No algorithm but the key's own, whatever a token claims; nothing unsigned; no other key."""
    assert key.secret is not None
    pair = OKPKey.generate_key("Ed25519")
    public = pair.as_pem(private=False).decode()
    other = await keys.create(tools, owner, agent.id, "mails", public)
    assert other.secret is None
    good = signed(pair, link, "EdDSA", other.key.id)
    assert await come(another(vera), good) is not None

    def part(data: dict[str, Any]) -> str:
        return urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    def by_the_public_key(header: dict[str, Any]) -> str:
        """Signed with what everybody knows, as if that were the shared secret."""
        said = f"{part(header)}.{claims}"
        mac = hmac.digest(public.encode(), said.encode(), "sha256")
        return f"{said}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    claims = part({"sub": "u1", "aud": link.id, "exp": NOW + 600})
    head, body, mac = signed(key.secret, link).split(".")
    bad = [
        signed("another secret of enough length", link),
        by_the_public_key({"alg": "HS256"}),
        by_the_public_key({"alg": "HS256", "kid": other.key.id}),
        signed(OKPKey.generate_key("Ed25519"), link, "EdDSA"),
        signed(key.secret, link, kid=other.key.id),
        signed(key.secret, link, kid="idk_nobody"),
        f"{head}.{body}x.{mac}",
        f"{part({'alg': 'none'})}.{claims}.",
        f"{part({'alg': 'none'})}.{claims}.{mac}",
        f"{head}.{claims}.{mac}",
        *("", "x", "a.b.c", "..", "é.é.é", "x" * 5_000, "." * 100, "\0" * 30 + ".."),
    ]
    for token in bad:
        assert await come(another(vera), token) is None, token
    elsewhere = await links.create(tools, owner, agent.id, links.Wish())
    there = replace(vera, token=elsewhere.token(tools.keys), session=None)
    assert await come(there, good) is None, "good on its own link alone"
    await entrance.revoke_identity_key(tools, owner, agent.id, other.key.id)
    assert await come(another(vera), good) is None


async def test_keys(tools: Tools, owner: Who, agent: Agent, key: Made, clock: SetClock) -> None:
    """Their secrets are kept encrypted, and only public keys are taken."""
    kept = await tools.db.read(lambda conn: conn.execute(sa.select(keys.keys)).all())
    assert str(key.secret) not in str(kept)
    assert str(key.secret) in str(await tools.db.read(keys.opened, tools.keys, agent.id))
    clock.moment += HOUR
    private = OKPKey.generate_key("Ed25519").as_pem(private=True).decode()
    for wrong in ("", "x", private, OKPKey.generate_key("X25519").as_pem(private=False).decode()):
        with pytest.raises(Invalid):
            await keys.create(tools, owner, agent.id, "k", wrong)
    with pytest.raises(Invalid):
        await keys.create(tools, owner, agent.id, " ")
    for n in range(keys.MOST - 1):
        await keys.create(tools, owner, agent.id, f"k{n}")
    with pytest.raises(Conflict):
        await keys.create(tools, owner, agent.id, "one more")
