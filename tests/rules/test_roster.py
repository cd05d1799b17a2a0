"""Lists of users and groups as people paste or upload them."""

import pytest

from parlour.kit.errors import Invalid
from parlour.links import roster

EVIL = '=HYPERLINK("http://evil","x")'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna", [("Anna", 7)]),
        ("Anna\nBen\r\n\n  Class 7b  \n", [("Anna", 7), ("Ben", 7), ("Class 7b", 7)]),
        ("Anna,3\nBen;0\nZoë\t12", [("Anna", 3), ("Ben", 0), ("Zoë", 12)]),
        ("\ufeffname,max_uses\nAnna,3\nBen,", [("Anna", 3), ("Ben", 7)]),
        ("max_uses;Name\n3;Anna\n;Ben", [("Anna", 3), ("Ben", 7)]),
        ("Uses\tGroup\n3\tNair, Priya", [("Nair, Priya", 3)]),
        ("user,uses\n5,0", [("5", 0)]),
        ('"Nair, Priya",3\n"Data ""core"" team",1', [("Nair, Priya", 3), ('Data "core" team', 1)]),
        ('"Nair, Priya" , 3', [("Nair, Priya", 3)]),
        ("Nair, Priya; 3\nNair, Ben\t4", [("Nair, Priya", 3), ("Nair, Ben", 4)]),
        ("Group, 3\nAnna,,", [("Group", 3), ("Anna", 7)]),
        ("Name\nAnna", [("Name", 7), ("Anna", 7)]),
        ("Class 7", [("Class 7", 7)]),
        ("王小明 三班\nAnna,1000000", [("王小明 三班", 7), ("Anna", 1_000_000)]),
        ("=HYPERLINK(x)", [("=HYPERLINK(x)", 7)]),
        (f'{EVIL}\nData "core" team\n{EVIL[1:]}, 5', [
            (EVIL, 7), ('Data "core" team', 7), (EVIL[1:], 5)
        ]),
    ],
)  # fmt: skip
def test_what_is_read(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(each.name, each.max_uses) for each in roster.read(text, 7)] == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at least one"),
        (" \n,,\n", "at least one"),
        ("Anna\nBen,-1", "line 2"),
        ("Anna,1.5", "line 1"),
        ("Anna,1000001", "line 1"),
        ("Anna,9223372036854775808", "line 1"),
        ("Anna\nBen, ten", "line 2: “ten” is no number of uses"),
        ("Nair, Priya", "line 1: .*quotes around a name"),
        ("Nair, Priya, 3", "line 1: it has too many columns"),
        ("name,max_uses\nAnna,ten", "line 2: uses must be a whole number"),
        ("\nname,e-mail,max_uses\nAnna,a@x.example,3", "line 2: the column “e-mail” is not known"),
        ("max_uses,e-mail\n3,Anna", "line 1: the column"),
        ("name,user\nAnna,Ben", "line 1: there must be one column name"),
        ("uses,max_uses\n1,2", "line 1: there must be one column name"),
        ("name,max_uses\nAnna,3,4", "line 2: it has 3 columns, and there are 2"),
        ("name,max_uses\nAnna,3\n,3", "line 3: there is no name"),
        (f"name,max_uses\n{EVIL}", "line 2: its quotes"),
        ('name,max_uses\n"Anna,3', "line 2: its quotes"),
        (",3", "no name"),
        ("Anna\nBen\nanna, 3", "line 3: “anna” is in this list already"),
        ("Anna\n" * 20_001, "too long"),
    ],
)
def test_what_does_not_fit(text: str, told: str) -> None:
    """USE-08"""
    with pytest.raises(Invalid, match=told) as refused:
        roster.read(text, 7)
    assert [each.field for each in refused.value.errors] == ["users"]


def test_a_file_and_what_was_typed() -> None:
    """A file is a table, also when it has one column; it comes first, and lines are its own."""
    found = roster.read("Ben, 3", 7, "name\nAnna\n")
    assert found == [roster.Named("Anna", 7), roster.Named("Ben", 3)]
    for typed, uploaded, field, told in (
        ("Ben", "name\nAnna,3", "list", "line 2: it has 2 columns"),
        ("Ben", f"Anna\n{EVIL}", "list", "line 2: its quotes"),
        ("Ben\nAnna", "Anna", "users", "line 2: “Anna” is in this list already"),
    ):
        with pytest.raises(Invalid, match=told) as refused:
            roster.read(typed, 7, uploaded)
        assert [each.field for each in refused.value.errors] == [field]
