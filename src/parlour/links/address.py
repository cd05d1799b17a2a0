"""The address at which a link opens: always the configured one, never what a request claims."""

from urllib.parse import urlsplit

from parlour.config import Settings
from parlour.kit.tokens import Keyring
from parlour.links.store import Link
from parlour.tools import Tools


def base(settings: Settings, running: str = "") -> str:
    """Return where visitors reach this instance: as set, else as the `running` server said."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if running:
        return running
    host = {"": "localhost", "0.0.0.0": "localhost", "::": "localhost"}.get(
        settings.host, settings.host
    )
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def home(tools: Tools, workspace_id: str, running: str = "") -> str:
    """Return where visitors and people of a workspace come in: its own host, if it has one.

    A workspace that this process has not met, see `workspaces.meet`, is at the instance's own.
    """
    settings = tools.settings
    name = tools.homes.name_of(workspace_id) if settings.base_domain else None
    if name is None:
        return base(settings, running)
    public = urlsplit(settings.public_url)
    port = f":{public.port}" if public.port else ""
    return f"{public.scheme}://{name}.{settings.base_domain}{port}"


def url(base_url: str, keys: Keyring, link: Link) -> str:
    """Return the whole address of a link."""
    return f"{base_url}/chat/{link.token(keys)}"
