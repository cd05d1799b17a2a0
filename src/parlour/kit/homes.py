"""The names of workspaces by their ids, and back, as far as this process has met them."""


class Homes:
    """Neither ever changes, so that what was met once holds as long as the process does."""

    __slots__ = ("_ids", "_names")

    def __init__(self) -> None:
        """Know none."""
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def learn(self, workspace_id: str, name: str) -> None:
        """Remember one."""
        self._names[workspace_id] = name
        self._ids[name] = workspace_id

    def name_of(self, workspace_id: str) -> str | None:
        """Return the name of a workspace; None for one that was not met yet."""
        return self._names.get(workspace_id)

    def id_of(self, name: str) -> str | None:
        """Return the id of the workspace of that name; None for one that was not met yet."""
        return self._ids.get(name)
