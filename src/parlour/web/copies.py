"""Conversations as files to keep: what was said and collected as CSV, all of it as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, Literal

import orjson

from parlour import memory
from parlour.conversations.internal import InternalNote
from parlour.conversations.model import RATINGS
from parlour.forgetting import held
from parlour.forgetting.held import Beside
from parlour.kit.clock import Moment, rfc3339
from parlour.memory import Held
from parlour.notes.store import Note
from parlour.rights import Who
from parlour.sharing.store import Reader, Share
from parlour.tools import Tools
from parlour.transcripts import Shown, copying, record
from parlour.transcripts.copying import Copy
from parlour.transcripts.finding import Machine
from parlour.transcripts.visitor import Known
from parlour.visitors import Device
from parlour.web import spreadsheets

Form = Literal["messages.csv", "variables.csv", "json", "page"]

_HEADS: Final = (
    *("number", "at", "author", "name", "text", "state", "problem", "sources"),
    *("model", "input_tokens", "output_tokens", "rating", "replaced", "files"),
)

_OF_ONE: Final = ("conversation", "variables", "messages", "internal_notes")
"""What differs between the conversations of a visitor."""


async def take(tools: Tools, who: Who, conversation_id: str, form: Form) -> Copy:
    """Copy a conversation for somebody, which is written down. NotFound when it is not there."""
    now = tools.clock.now()
    copy = await tools.db.browse(copying.copy, who, conversation_id, now)
    await record.downloaded(tools, who, copy.talk, form)
    return copy


async def take_all(tools: Tools, who: Who, visitor_id: str) -> bytes:
    """Copy everything of a visitor for somebody, as JSON, which is written down. NotFound."""
    now = tools.clock.now()
    found = await tools.db.browse(copying.everything, who, visitor_id, now)
    profile = found.profile
    for each in found.conversations:
        await record.downloaded(tools, who, each.talk, "visitor")
    talks = [
        {name: value for name, value in whole(each).items() if name in _OF_ONE}
        for each in found.conversations
    ]
    told = {
        "downloaded_at": rfc3339(now),
        "masked": profile.is_masked,
        "visitor": visitor_of(profile.visitor.id, profile.name, profile.known),
        "memory": remembered(await tools.db.browse(memory.seen_by, who, visitor_id)),
        "agent_name": profile.agent_name,
        "came_at": rfc3339(profile.visitor.created_at),
        "conversations": talks,
        "devices": [_device(each) for each in found.devices],
        "notes": [left(each) for each in found.left],
        **_beside(await tools.db.browse(held.beside, who, visitor_id), who),
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2)


def made(copy: Copy, form: Form) -> bytes:
    """Write a copy in a form."""
    if form == "messages.csv":
        return spreadsheets.written([_HEADS, *(_line(copy, each) for each in copy.messages)])
    if form == "variables.csv":
        ids, values = (copy.talk.id, copy.talk.visitor_id), sorted(copy.talk.variables.items())
        lines = [(*ids, name, _cell(value)) for name, value in values]
        return spreadsheets.written([("conversation_id", "visitor_id", "name", "value"), *lines])
    return orjson.dumps(whole(copy), option=orjson.OPT_INDENT_2)


def whole(copy: Copy) -> dict[str, Any]:
    """Return everything that a copy holds."""
    return {
        "downloaded_at": rfc3339(copy.at),
        "masked": copy.talk.is_masked,
        "conversation": _conversation(copy),
        "visitor": visitor_of(copy.talk.visitor_id, copy.talk.visitor, copy.talk.known),
        "variables": copy.talk.variables,
        "messages": [_message(copy, each) for each in copy.messages],
        "internal_notes": [_internal(each) for each in copy.notes],
    }


def _conversation(copy: Copy) -> dict[str, Any]:
    talk, series = copy.talk, copy.series
    return {
        "id": talk.id,
        "agent_name": talk.agent_name,
        "link": {"id": talk.link_id, "name": talk.link_name, "kind": talk.link_kind},
        "state": talk.standing.value,
        "created_at": rfc3339(talk.created_at),
        "last_message_at": rfc3339(talk.last_message_at),
        "closed_at": _moment(talk.closed_at),
        "number": series.number,
        "of": series.of,
        "previous": series.previous,
        "next": series.next,
    }


def visitor_of(visitor_id: str, name: str, known: Known | None) -> dict[str, Any]:
    told = {"id": visitor_id, "name": name}
    if known is None:
        return told
    return {
        **told,
        "email": known.email,
        "subject": known.subject,
        "proof": known.proof.value,
        "proved_at": rfc3339(known.proved_at),
    }


def remembered(held: Held | None) -> dict[str, Any] | None:
    """Return what is remembered; None where nothing is, or it is hidden from whoever asks."""
    if held is None or held.summary is None:
        return None
    return {"summary": held.summary, "notes": held.notes, "updated_at": _moment(held.updated_at)}


def _message(copy: Copy, shown: Shown) -> dict[str, Any]:
    return {**said(shown), "turn": _turn(copy.machine(shown))}


def said(shown: Shown) -> dict[str, Any]:
    """Return what was said, without how it was made."""
    return {
        "id": shown.id,
        "seq": shown.seq,
        "author": {"kind": shown.author_kind, "name": shown.author_name},
        "text": shown.text,
        "state": shown.state.value,
        "created_at": rfc3339(shown.created_at),
        "citations": [
            {name: each[name] for name in ("n", "title", "source", "quote")}
            for each in shown.citations
        ],
        "problem": shown.problem,
        "replaces": shown.replaces,
        "replaced": shown.superseded,
        "files": [
            {name: each[name] for name in ("id", "name", "kind", "media_type", "size")}
            for each in (shown.extra or {}).get("files", ())
        ],
        "rating": rating_of(shown),
    }


def _internal(note: InternalNote) -> dict[str, Any]:
    return {
        "id": note.id,
        "after": note.place,
        "by": note.by_name,
        "text": note.text,
        "written_at": rfc3339(note.written_at),
    }


def _beside(found: Beside, who: Who) -> dict[str, Any]:
    return {
        "shares": [_share(share, readers, who) for share, readers in found.shares],
        "calls_for_a_person": [
            {
                "conversation_id": each.conversation_id,
                "asked_by": each.asked_by,
                "asked_at": rfc3339(each.asked_at),
                "seen_at": _moment(each.seen_at),
                "seen_by": each.seen_by,
                "ended_at": _moment(each.ended_at),
                "outcome": each.outcome,
            }
            for each in found.calls
        ],
        "sessions": [
            {**asdict(each), "began_at": rfc3339(each.began_at), "ended_at": rfc3339(each.ended_at)}
            for each in found.sessions
        ],
        "counted_tokens": [
            {"tokens": each.tokens, "until": rfc3339(each.at)} for each in found.spent
        ],
    }


def _share(share: Share, readers: Sequence[Reader], who: Who) -> dict[str, Any]:
    return {
        "id": share.id,
        "conversation_id": share.conversation_id,
        "mode": share.mode.value,
        "by": share.by_name,
        "show_personal": share.show_personal,
        "created_at": rfc3339(share.created_at),
        "expires_at": rfc3339(share.expires_at),
        "revoked_at": _moment(share.revoked_at),
        "opened": [
            {"by": each.name if who.sees_personal else "", "at": rfc3339(each.opened_at)}
            for each in readers
        ],
    }


def _device(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "client": device.client,
        "created_at": rfc3339(device.created_at),
        "seen_at": rfc3339(device.seen_at),
    }


def left(note: Note) -> dict[str, Any]:
    """Return a note that somebody left at a shut door."""
    return {
        "id": note.id,
        "why": note.why,
        "text": note.text,
        "contact": note.contact,
        "left_at": rfc3339(note.left_at),
        "done_at": _moment(note.done_at),
        "conversation_id": note.conversation_id,
    }


def rating_of(shown: Shown) -> dict[str, Any] | None:
    """Return what the visitor makes of an answer; None where they have not said."""
    if shown.rating is None:
        return None
    rated = shown.rated or {}
    return {
        "rating": RATINGS[shown.rating],
        "reasons": list(rated.get("reasons", ())),
        "words": rated.get("words", ""),
    }


def _turn(machine: Machine | None) -> dict[str, Any] | None:
    if machine is None:
        return None
    attempt = machine.attempt
    return {
        "id": attempt.id,
        "agent_version": attempt.agent_version,
        "backend": machine.backend,
        "model": machine.model,
        "asked_at": rfc3339(attempt.asked_at),
        "first_text_at": _moment(attempt.first_text_at),
        "ended_at": _moment(attempt.ended_at),
        "input_tokens": attempt.input_tokens,
        "output_tokens": attempt.output_tokens,
    }


def _line(copy: Copy, shown: Shown) -> Sequence[spreadsheets.Cell]:
    machine = copy.machine(shown)
    attempt = None if machine is None else machine.attempt
    return (
        shown.seq,
        rfc3339(shown.created_at),
        shown.author_kind,
        shown.author_name or (copy.talk.visitor if shown.author_kind == "visitor" else ""),
        shown.text,
        shown.state.value,
        shown.problem,
        "\n".join(f"[{each['n']}] {each['title']}, {each['source']}" for each in shown.citations),
        None if machine is None else machine.model or machine.backend,
        None if attempt is None else attempt.input_tokens,
        None if attempt is None else attempt.output_tokens,
        None if shown.rating is None else RATINGS[shown.rating],
        "yes" if shown.superseded else None,
        "\n".join(each["name"] or each["kind"] for each in (shown.extra or {}).get("files", ())),
    )


def _cell(value: Any) -> spreadsheets.Cell:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _moment(at: Moment | None) -> str | None:
    return None if at is None else rfc3339(at)
