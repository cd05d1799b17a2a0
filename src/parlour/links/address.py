"""The address at which a link opens: always the configured one, never what a request claims."""

from parlour.config import Settings
from parlour.kit.tokens import Keyring
from parlour.links.store import Link


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


def url(base_url: str, keys: Keyring, link: Link) -> str:
    """Return the whole address of a link."""
    return f"{base_url}/chat/{link.token(keys)}"
