"""What differs between two contents of an agent, in words for its owner; pure."""

from collections.abc import Mapping
from typing import Any, Final

from parlour.agents.model import Content

_TEXTS: Final = {
    "display_name": "Name",
    "description": "Line under the name",
    "welcome_message": "Welcome",
    "starters": "Starters",
    "placeholder": "Placeholder",
    "variables": "What it collects",
    "follow_ups": "What to ask next",
    "avatar": "Picture",
    "accent": "Ink",
    "backend": "What answers",
}
_CONFIG: Final = {
    "path": "Folder",
    "uploads": "Documents",
    "embeddings_base_url": "Embeddings server",
    "embeddings_model": "Embeddings model",
    "embeddings_key_sealed": "Embeddings key",
    "base_url": "Address of the model server",
    "model": "Model",
    "api_key_env": "Variable of the key",
    "api_key_sealed": "Key",
    "instructions": "Instructions",
    "temperature": "Temperature",
    "max_output_tokens": "Longest reply",
    "url": "Address of the webhook",
    "secrets_sealed": "Signing secret",
    "verify_response": "Signed answers",
    "target": "Function",
}


def changes(before: Content | None, after: Content) -> list[str]:
    """Name what differs; nothing came before a first version, so all of it is new."""
    if before is None:
        return ["First version"]
    said = [
        name for field, name in _TEXTS.items() if getattr(before, field) != getattr(after, field)
    ]
    if before.backend != after.backend:
        return said
    for field, name in _CONFIG.items():
        old, new = before.config.get(field), after.config.get(field)
        if old != new:
            said.append(_documents(old, new) if field == "uploads" else name)
    return said


def _documents(old: Any, new: Any) -> str:
    before, after = _digests(old), _digests(new)
    counts = {
        "added": len(after.keys() - before.keys()),
        "replaced": sum(before[name] != after[name] for name in before.keys() & after.keys()),
        "removed": len(before.keys() - after.keys()),
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"Documents: {told}" if told else "Documents"


def _digests(uploads: Any) -> Mapping[str, str]:
    return {each["name"]: each["digest"] for each in uploads or ()}
