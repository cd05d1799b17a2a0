"""Addresses, passwords, roles and ways back, as tables."""

import time

import pytest

from parlour.kit.errors import Invalid
from parlour.rights import MAY, Permission, Role, Who, sees_personal
from parlour.staff import passwords
from parlour.staff.model import canonical, password_trouble
from parlour.web import browsers
from parlour.web.studio import shell
from parlour.web.studio.agents import making


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana@Example.ORG ", "ana@example.org"),
        ("jose\u0301@x.example", "jos\u00e9@x.example"),
        ("o'neil+studio@x.example", "o'neil+studio@x.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert canonical(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "ana", "@x", "a@", "a@b@c", "a b@c", "<a@b>", "a@b\n", "a@b\x00c"]
)
def test_what_is_no_address(typed: str) -> None:
    if typed == "a@b\n":
        assert canonical(typed) == "a@b"
        return
    with pytest.raises(Invalid):
        canonical(typed)


@pytest.mark.parametrize("role", Role)
def test_who_sees_personal_details_and_numbers(role: Role) -> None:
    """By the right of that name; a team lead by analytics, too, which shows anybody the numbers."""
    for view_personal, analytics in ((False, False), (False, True), (True, False), (True, True)):
        sees = sees_personal(role, view_personal=view_personal, analytics=analytics)
        assert sees == (view_personal or (analytics and role is Role.TEAM_LEAD))
        who = Who("person", "per_1", "Ana", "wsp_1", role, analytics=analytics)
        assert who.may(Permission.METRICS_SEE) == (analytics or role is Role.OWNER)
        assert who.may(Permission.PEOPLE_MANAGE) == (role is Role.OWNER)


MARKS = "\u0315" * 40_000 + "\u0300" * 40_000
"""Marks in the wrong order: bringing them into the right one takes seconds, and more than that."""


def test_what_is_far_too_long_is_refused_at_once() -> None:
    """INP-11: nobody signed in is needed to send it, and everybody would wait."""
    began = time.thread_time()
    with pytest.raises(Invalid, match="at most 254 characters"):
        canonical(f"{MARKS}@x.example")
    assert len(passwords._plain(MARKS)) < 300
    assert making.slug("Handbook " + MARKS) == "handbook"
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("four words are enough", True),
        ("пароль из слов", True),
        ("elevenchars", False),
        ("x" * 40, False),
        ("abababababab", False),
        ("x1y2z3" * 50, False),
        ("olga.lange@team.example", False),
        ("OLGA.LANGE@team.example", False),
        ("olga.lange.x", True),
    ],
)
def test_passwords(password: str, good: bool) -> None:
    assert (password_trouble(password, "olga.lange@team.example") is None) is good


def test_nobodys_hash_costs_what_everybodys_does() -> None:
    kept = f"$argon2id$v=19$m={passwords.KIB},t={passwords.ROUNDS},p=1$"
    assert passwords.NOBODYS.startswith(kept)
    assert passwords._hasher().hash("x").startswith(kept)


def test_only_owners_see_and_manage_people_and_keys() -> None:
    wide = {Permission.PEOPLE_MANAGE, Permission.PEOPLE_SEE, Permission.KEYS_MANAGE}
    for role in Role:
        assert bool(wide & MAY[role]) is (role is Role.OWNER)
    scoped = Who("key", "key_1", "CI", "wsp_1", Role.OWNER, agent_id="agt_1")
    assert not any(scoped.may(each) for each in wide)


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/studio/people/per_a1?said=saved", "/studio/people/per_a1?said=saved"),
        ("/studio", "/studio"),
        ("", "/studio"),
        ("/studiox", "/studio"),
        ("/studio/", "/studio"),
        ("https://evil.example", "/studio"),
        ("//evil.example/studio", "/studio"),
        ("/studio/%2e%2e/x", "/studio"),
        ("/studio\n", "/studio"),
        ("/studio/sign-in?next=x", "/studio"),
    ],
)
def test_the_way_back_stays_inside(wanted: str, led: str) -> None:
    assert shell.own_path(wanted) == led


def test_every_role_has_a_name_and_a_sentence() -> None:
    assert set(shell.ROLES) == set(Role)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, name: str) -> None:
    assert browsers.named(agent) == name


@pytest.mark.parametrize(
    ("mark", "read"),
    [("17", 17), ("", -1), ("-3", -1), ("1e3", -1), ("٣", -1), ("9" * 5_000, -1)],
)
def test_marks_of_what_a_form_showed(mark: str, read: int) -> None:
    assert shell.seen(mark) == read
