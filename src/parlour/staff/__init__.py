"""Staff: the people of a workspace, how they come in, and the API keys of their programs."""

from parlour.staff.keys import (
    ApiKey,
    MadeKey,
    api_keys,
    authenticate,
    create_key,
    every_key,
    revoke_key,
)

__all__ = [
    "ApiKey",
    "MadeKey",
    "api_keys",
    "authenticate",
    "create_key",
    "every_key",
    "revoke_key",
]
