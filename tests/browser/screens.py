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
    agent: str = "helper"


SCREENS: dict[str, str] = {
    "/studio": "/studio",
    "/studio/agents": "/studio/agents",
    "/studio/agents/new": "/studio/agents/new",
    "/studio/agents/{name}": "/studio/agents/helper",
    "/studio/agents/{name}/delete": "/studio/agents/helper/delete",
    "/studio/agents/{name}/documents": "/studio/agents/library/documents",
    "/studio/agents/{name}/sharing": "/studio/agents/helper/sharing",
    "/studio/agents/{name}/versions": "/studio/agents/helper/versions",
    "/studio/conversations": "/studio/conversations",
    "/studio/conversations/{conversation_id}": "/studio/conversations/{talk}",
    "/studio/find": "/studio/find?q=a",
    "/studio/history": "/studio/history",
    "/studio/keys": "/studio/keys",
    "/studio/links": "/studio/links",
    "/studio/links/new": "/studio/links/new",
    "/studio/links/{link_id}": "/studio/links/{link}",
    "/studio/links/{link_id}/qr": "/studio/links/{link}/qr",
    "/studio/me": "/studio/me",
    "/studio/me/second-step": "/studio/me/second-step",
    "/studio/people": "/studio/people",
    "/studio/people/{person_id}": "/studio/people/{person}",
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
}
"""Pages for strangers."""


def address(scene: Scene, path: str) -> str:
    """The whole address of a screen of this scene."""
    return scene.server.url + path.format(**vars(scene))


ELSEWHERE = {
    "/studio/conversations/{conversation_id}/sources/{message_id}/{n}",
    "/studio/setup",
    "/studio/sign-in/code",
}
"""Pages that only a step of a journey leads to; other tests look at them."""

NO_PAGES = {
    "/studio/conversations/live",
    "/studio/conversations/{conversation_id}/live",
    "/studio/links/{link_id}/qr.png",
    "/studio/links/{link_id}/qr.svg",
    "/studio/sign-in/provider",
    "/studio/sign-in/provider/back",
}
"""What answers a GET with something that is no page: streams, pictures, files."""
