"""How a team is told that a visitor waits: by mail, and by a program of theirs, whose secret."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.kit.http import Blocked, parse, signed
from parlour.rights import Who
from parlour.staff.teams import store
from parlour.staff.teams.store import Team, teams
from parlour.tools import Tools

LONGEST_URL = 2_000


@dataclass(frozen=True, slots=True)
class Ways:
    """How a team shall be told."""

    mails: bool
    hook_url: str = ""
    """Empty for no program."""
    new_secret: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A team, and the secret that was just made for its program, to be shown this once."""

    team: Team
    secret: str | None


async def change(
    tools: Tools, who: Who, team_id: str, ways: Ways, seen: Moment | None = None
) -> Told:
    """Say how a team is told. A program at another host gets a secret of its own.

    Raises:
        Invalid: an address that is none, or may not be called. Stale: somebody changed the team
        since `seen`. NotFound: there is no such team.
    """
    url = ways.hook_url.strip()
    if url:
        await _check(tools, url)

    def unit(conn: sa.Connection) -> Told:
        held = store.find(conn, who.workspace_id, team_id, hold=True)
        if seen is not None and seen != held.updated_at:
            raise Stale(f"{held.updated_by} changed this meanwhile; look again before you save")
        made = signed.new_secret() if url and (ways.new_secret or _is_another(held, url)) else None
        kept = held.hook_secret if url else None
        values = {
            "mails": ways.mails,
            "hook_url": url or None,
            "hook_secret": kept if made is None else tools.keys.seal(made),
            "hook_trouble": None,
            "updated_at": max(tools.clock.now(), held.updated_at + 1),
            "updated_by": who.name[:200],
        }
        conn.execute(sa.update(teams).where(teams.c.id == held.id).values(**values))
        data = {"team": held.id, "mails": ways.mails, "webhook": bool(url)}
        events.record(conn, Kind.TEAM_CHANGED, who, tools.clock.now(), data=data)
        return Told(store.find(conn, who.workspace_id, held.id), made)

    return await tools.db.write(unit)


def give_up(conn: sa.Connection, team_id: str, trouble: str, *, off: bool) -> None:
    """Note what is wrong with a team's program; `off`: it is told no more, until it is changed."""
    values = {"hook_trouble": trouble[:200], **({"hook_url": None} if off else {})}
    conn.execute(sa.update(teams).where(teams.c.id == team_id).values(**values))


def well(conn: sa.Connection, team_id: str) -> None:
    """Note that a team's program has taken what it was told."""
    noted = sa.update(teams).where(teams.c.id == team_id, teams.c.hook_trouble.is_not(None))
    conn.execute(noted.values(hook_trouble=None))


async def _check(tools: Tools, url: str) -> None:
    said = f"has at most {LONGEST_URL} characters" if len(url) > LONGEST_URL else ""
    try:
        if not said:
            await tools.http.check(url)
    except Blocked as blocked:
        said = str(blocked)
    if said:
        raise Invalid(f"hook_url {said}", errors=[FieldError("hook_url", said)])


def _is_another(held: Team, url: str) -> bool:
    """Whether it is another host's: what the former one knows proves nothing to this one."""
    if held.hook_url is None or held.hook_secret is None:
        return True
    return parse(held.hook_url).origin != parse(url).origin
