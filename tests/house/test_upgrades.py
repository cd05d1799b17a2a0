"""Migrations add and take nothing away: a process of the version before goes on meanwhile."""

import ast
from collections.abc import Iterator

from parlour.kit.db.schema import MIGRATIONS

TAKING = {"drop_table", "drop_column", "rename_table", "alter_column", "batch_alter_table"}
KNOWN = ["0030_handoffs: batch_alter_table"]
"""From before anything was released: a column that may be empty since."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def is_filled(column: ast.Call) -> bool:
    """Whether rows get a value from whoever does not know the column."""
    given = {each.arg: each.value for each in column.keywords}
    wanted = given.get("nullable")
    may_be_empty = wanted is None or (isinstance(wanted, ast.Constant) and wanted.value is True)
    return may_be_empty or "server_default" in given


def test_migrations_take_nothing_away() -> None:
    """MIG-06: nothing that a running process reads, and no column that it would leave empty."""
    found = []
    for path in sorted((MIGRATIONS / "versions").glob("[0-9]*.py")):
        for name, call in calls(ast.parse(path.read_text())):
            if name in TAKING:
                found.append(f"{path.stem}: {name}")
            elif name == "add_column":
                columns = [each for part in call.args for each in calls(part)]
                found += [
                    f"{path.stem}: a column without a default"
                    for kind, column in columns
                    if kind == "Column" and not is_filled(column)
                ]
    assert found == KNOWN
