"""What a webhook is told of an event: written at every try, as far as that webhook may see it."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from parlour import events, staff, transcripts
from parlour.agents import store as agents
from parlour.conversations import listing, turns
from parlour.events import Event, Kind
from parlour.kit.clock import rfc3339
from parlour.links import store as links
from parlour.privacy import Hide, hiding
from parlour.rights import Who
from parlour.transcripts import Shown
from parlour.transcripts import visitor as visitors
from parlour.webhooks.deliveries import Delivery
from parlour.webhooks.store import Hook

_TYPED: Final = ("reason", "name", "why")
"""Where in the details of an event words stand that somebody typed."""
_ENDS: Final = (Kind.CONVERSATION_ERASED, Kind.VISITOR_ERASED)


def document(conn: sa.Connection, hook: Hook, one: Delivery) -> dict[str, Any] | None:
    """Write down what a webhook is told; None when what it tells of is gone.

    Nothing of it is kept: what is forgotten while it waits goes out no more.
    """
    event = None if one.event_id is None else events.one(conn, one.event_id)
    if event is None:
        return None
    who = Who("system", hook.id, hook.name, hook.workspace_id, sees_personal=hook.sees_personal)
    data = _about(conn, who, event)
    if event.conversation_id is not None and event.kind not in _ENDS:
        talk = listing.find(conn, hook.workspace_id, event.conversation_id)
        if talk is None:
            return None
        data["visitor"] = _visitor(conn, who, talk.visitor_id)
        data |= _said(conn, who, event)
    return {"type": event.kind, "timestamp": rfc3339(event.at), "data": data}


def _about(conn: sa.Connection, who: Who, event: Event) -> dict[str, Any]:
    names = staff.names(conn, [event.actor_id]) if event.actor_kind in ("person", "key") else {}
    return {
        "event_id": str(event.id),
        "workspace_id": event.workspace_id,
        "actor": {
            "kind": event.actor_kind,
            "id": event.actor_id,
            "name": names.get(event.actor_id),
        },
        "agent": _agent(conn, event.agent_id),
        "link": _link(conn, who, event.link_id),
        "conversation_id": event.conversation_id,
        "details": _details(event.data, hiding(conn, who)),
    }


def _agent(conn: sa.Connection, agent_id: str | None) -> dict[str, Any] | None:
    if agent_id is None:
        return None
    return {"id": agent_id, "name": agents.names(conn, [agent_id]).get(agent_id)}


def _link(conn: sa.Connection, who: Who, link_id: str | None) -> dict[str, Any] | None:
    if link_id is None:
        return None
    name, _ = links.titles(conn, [link_id]).get(link_id, (None, None))
    return {"id": link_id, "name": transcripts.label(who, name)}


def _visitor(conn: sa.Connection, who: Who, visitor_id: str) -> dict[str, Any]:
    known = visitors.known(conn, who, [visitor_id]).get(visitor_id)
    return {
        "id": visitor_id,
        "name": known and known.name,
        "email": known and known.email,
    }


def _details(data: Mapping[str, Any], hide: Hide) -> dict[str, Any]:
    return {
        name: hide(value) if name in _TYPED and isinstance(value, str) else value
        for name, value in data.items()
    }


def _said(conn: sa.Connection, who: Who, event: Event) -> dict[str, Any]:
    """Return the message that an event is about, if any, as the webhook may see it."""
    talk_id, found = event.conversation_id or "", None
    if event.kind == Kind.MESSAGE_CREATED:
        found = transcripts.one_shown_to(conn, who, talk_id, str(event.data.get("message")))
    elif event.kind == Kind.TURN_ENDED:
        turn = turns.find(conn, str(event.data.get("turn")))
        if turn is not None:
            replies = transcripts.shown_to(conn, who, talk_id, after=turn.reply_seq - 1, first=1)
            found = next(iter(replies), None)
    else:
        return {}
    return {"message": None if found is None else _message(found, talk_id)}


def _message(shown: Shown, talk_id: str) -> dict[str, Any]:
    return {
        "id": shown.id,
        "seq": shown.seq,
        "author": {"kind": shown.author_kind, "name": shown.author_name},
        "text": shown.text,
        "state": shown.state.value,
        "created_at": rfc3339(shown.created_at),
        "files": [_file(each, talk_id) for each in (shown.extra or {}).get("files", ())],
    }


def _file(file: Mapping[str, Any], talk_id: str) -> dict[str, Any]:
    """Tell of a file; with where an API key reads it, for whoever sees personal details."""
    told = {name: file[name] for name in ("id", "name", "kind", "media_type", "size")}
    path = f"/api/conversations/{talk_id}/files/{file['id']}" if file["id"] else ""
    return {**told, "path": path}
