"""Every screen of the studio, by the route it is: what must be there so that it shows something.

Whoever adds a page adds its line: its address, with what `Scene` holds in curly brackets. A page
that is not here fails the walk.
"""

from dataclasses import dataclass, field

from tests.rig.server import Link, Server


@dataclass
class Scene:
    """An instance with something of everything in it, and the ids of what there is."""

    server: Server
    cookie: str = ""
    """The owner's session."""
    person: str = ""
    links: list[Link] = field(default_factory=list)
    link: str = ""
    widget: str = ""
    talk: str = ""
    """A conversation."""
    team: str = ""
    webhook: str = ""
    agent: str = "helper"


SCREENS: dict[str, str] = {
    "/studio": "/studio",
    "/studio/agents": "/studio/agents",
    "/studio/agents/new": "/studio/agents/new",
    "/studio/agents/{name}": "/studio/agents/helper",
    "/studio/agents/{name}/chat": "/studio/agents/helper/chat",
    "/studio/agents/{name}/delete": "/studio/agents/helper/delete",
    "/studio/agents/{name}/documents": "/studio/agents/library/documents",
    "/studio/agents/{name}/sharing": "/studio/agents/helper/sharing",
    "/studio/agents/{name}/versions": "/studio/agents/helper/versions",
    "/studio/canned": "/studio/canned",
    "/studio/conversations": "/studio/conversations",
    "/studio/conversations/{conversation_id}": "/studio/conversations/{talk}",
    "/studio/conversations/{conversation_id}/forget": "/studio/conversations/{talk}/forget",
    "/studio/conversations/{conversation_id}/reveal": "/studio/conversations/{talk}/reveal",
    "/studio/conversations/{conversation_id}/print": "/studio/conversations/{talk}/print",
    "/studio/conversations/{conversation_id}/share": "/studio/conversations/{talk}/share",
    "/studio/desk": "/studio/desk",
    "/studio/desk/{conversation_id}": "/studio/desk/{talk}",
    "/studio/find": "/studio/find?q=a",
    "/studio/history": "/studio/history",
    "/studio/keys": "/studio/keys",
    "/studio/links": "/studio/links",
    "/studio/links/new": "/studio/links/new",
    "/studio/links/{link_id}": "/studio/links/{link}",
    "/studio/links/{link_id}/qr": "/studio/links/{link}/qr",
    "/studio/me": "/studio/me",
    "/studio/me/second-step": "/studio/me/second-step",
    "/studio/messages": "/studio/messages",
    "/studio/metrics": "/studio/metrics",
    "/studio/metrics/terms": "/studio/metrics/terms",
    "/studio/notes": "/studio/notes",
    "/studio/people": "/studio/people",
    "/studio/people/{person_id}": "/studio/people/{person}",
    "/studio/privacy": "/studio/privacy",
    "/studio/receipts": "/studio/receipts",
    "/studio/retention": "/studio/retention",
    "/studio/sessions": "/studio/sessions",
    "/studio/teams": "/studio/teams",
    "/studio/teams/{team_id}": "/studio/teams/{team}",
    "/studio/webhooks": "/studio/webhooks",
    "/studio/webhooks/{webhook_id}": "/studio/webhooks/{webhook}",
    "/studio/widgets": "/studio/widgets",
    "/studio/widgets/new": "/studio/widgets/new",
    "/studio/widgets/{name}/{widget_id}": "/studio/widgets/helper/{widget}",
    "/studio/widgets/{name}/{widget_id}/share": "/studio/widgets/helper/{widget}/share",
    "/studio/{rest}": "/studio/nowhere",
}
"""Pages for whoever is signed in, by the path of their route."""

DOORS: dict[str, str] = {
    "/studio/sign-in": "/studio/sign-in",
    "/studio/invite/{token}": "/studio/invite/nothing",
    "/studio/mails/{token}": "/studio/mails/nothing",
}
"""Pages for strangers."""


def address(scene: Scene, path: str) -> str:
    """The whole address of a screen of this scene."""
    return scene.server.url + path.format(**vars(scene))


ELSEWHERE = {
    "/studio/conversations/{conversation_id}/sources/{message_id}/{n}",
    "/studio/receipts/{receipt_id}",
    "/studio/setup",
    "/studio/sign-in/code",
}
"""Pages that only a step of a journey leads to; other tests look at them."""

NO_PAGES = {
    "/studio/conversations/live",
    "/studio/history/export",
    "/studio/messages.csv",
    "/studio/messages/next",
    "/studio/metrics.csv",
    "/studio/sessions.csv",
    "/studio/desk/live",
    "/studio/waiting/live",
    "/studio/desk/{conversation_id}/live",
    "/studio/conversations/{conversation_id}/live",
    "/studio/conversations/{conversation_id}/messages.csv",
    "/studio/conversations/{conversation_id}/variables.csv",
    "/studio/conversations/{conversation_id}/conversation.json",
    "/studio/conversations/{conversation_id}/visitor.json",
    "/studio/conversations/{conversation_id}/files/{file_id}",
    "/studio/agents/{name}/sharing/private/codes.pdf",
    "/studio/agents/{name}/sharing/private/urls.csv",
    "/studio/links/{link_id}/qr.png",
    "/studio/links/{link_id}/qr.svg",
    "/studio/sign-in/provider",
    "/studio/sign-in/provider/back",
}
"""What answers a GET with something that is no page: streams, pictures, files."""
