"""What an agent collects: values that fit and odd ones, and definitions that make no sense."""

import time
from typing import Any

import pytest

from parlour.agents.variables import (
    Definition,
    Misfit,
    Type,
    Unfit,
    fitted,
    learnt,
    taken,
    trouble_with,
)

PLAN = Definition("plan", type=Type.CHOICE, options=("Free", "Gold"))


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        (Type.TEXT, " Vera ", "Vera"),
        (Type.TEXT, 5, "5"),
        (Type.TEXT, "", None),
        (Type.TEXT, "  ", None),
        (Type.TEXT, "a\nb", Misfit.TEXT),
        (Type.TEXT, "a\0b", Misfit.TEXT),
        (Type.TEXT, "a\u202eb", Misfit.TEXT),
        (Type.TEXT, "x" * 501, Misfit.TOO_LONG),
        (Type.TEXT, ["a"], Misfit.TEXT),
        (Type.TEXT, {"a": 1}, Misfit.TEXT),
        (Type.TEXT, True, Misfit.TEXT),
        (Type.EMAIL, "Vera@Example.ORG", "vera@example.org"),
        (Type.EMAIL, "vera", Misfit.EMAIL),
        (Type.PHONE, "+44 20 7946 0018", "+44 20 7946 0018"),
        (Type.PHONE, "(((((", Misfit.PHONE),
        (Type.PHONE, "call me", Misfit.PHONE),
        (Type.NUMBER, "1,5", 1.5),
        (Type.NUMBER, "007", 7),
        (Type.NUMBER, 12, 12),
        (Type.NUMBER, "1e400", Misfit.NUMBER),
        (Type.NUMBER, "nan", Misfit.NUMBER),
        (Type.NUMBER, "٣", Misfit.NUMBER),
        (Type.DATE, "2026-02-28", "2026-02-28"),
        (Type.DATE, "2026-02-30", Misfit.DATE),
        (Type.DATE, "20260228", Misfit.DATE),
        (Type.YES, "on", True),
        (Type.YES, False, False),
        (Type.YES, "", None),
        (Type.YES, "perhaps", Misfit.CHOICE),
    ],
)
def test_a_value_is_kept_as_its_type_says(type_: Type, given: Any, kept: Any) -> None:
    assert fitted(Definition("it", type=type_), given) == kept


def test_a_choice_and_a_pattern() -> None:
    assert fitted(PLAN, "gold") == "Gold"
    assert fitted(PLAN, "silver") is Misfit.CHOICE
    order = Definition("order", pattern="##-???")
    assert fitted(order, "12-abc") == "12-abc"
    assert fitted(order, "12-abcd") is Misfit.PATTERN
    assert fitted(order, "x12-abc") is Misfit.PATTERN


def test_no_pattern_takes_long() -> None:
    """INP-07 for patterns: the slowest that can be written, on the longest value."""
    slow = Definition("slow", pattern="*-*-*-*-*-*-*-*-*-*-*-*-*-*-*-#")
    assert trouble_with((slow,)) == []
    began = time.thread_time()
    for text in ("a" * 500, "a-" * 250, "-" * 500):
        assert fitted(slow, text) is Misfit.PATTERN
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Plan"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "a", "label": "x\0"}, "label"),
        ({"name": "a", "type": "choice"}, "options"),
        ({"name": "a", "type": "choice", "options": ("x", "x")}, "options"),
        ({"name": "a", "options": ("x", "y")}, "options"),
        ({"name": "a", "type": "email", "pattern": "##"}, "pattern"),
        ({"name": "a", "pattern": "(a+)+*b"}, "pattern"),
        ({"name": "a", "signed": True, "asked": True}, "signed"),
        ({"name": "a", "required": True}, "required"),
    ],
)
def test_definitions_that_make_no_sense(wrong: dict[str, Any], field: str) -> None:
    made = Definition(**{**wrong, "type": Type(wrong.get("type", "text"))})
    assert [each.field for each in trouble_with((made,))] == [f"variables[0].{field}"]


def test_too_many_and_the_same_twice() -> None:
    assert trouble_with((PLAN, PLAN))[0].field == "variables[1].name"
    many = tuple(Definition(f"v{n}") for n in range(13))
    assert [each.field for each in trouble_with(many)] == ["variables"]


def test_what_is_taken_of_what_comes() -> None:
    tier = Definition("tier", signed=True)
    name = Definition("name", asked=True, required=True)
    known = (PLAN, tier, name)
    given = {"plan": "free", "tier": "1", "name": "Vera", "other": "x"}
    assert taken(known, given, {}, first=True) == {"plan": "Free", "name": "Vera"}
    assert taken(known, {"name": "V"}, {"tier": "2"}, first=True) == {"tier": "2", "name": "V"}
    assert taken(known, {}, {}, first=False) == {}
    with pytest.raises(Unfit) as unfit:
        taken(known, {"plan": "silver"}, {"tier": ["x"]}, first=True)
    assert unfit.value.misfits == {
        "plan": Misfit.CHOICE,
        "tier": Misfit.TEXT,
        "name": Misfit.MISSING,
    }
    assert unfit.value.status == 422


def test_what_an_agent_learns_must_fit_where_it_is_defined() -> None:
    found = {"plan": "gold", "free": {"a": 1}, "gone": None}
    assert learnt((PLAN,), found) == {"plan": "Gold", "free": {"a": 1}, "gone": None}
    assert learnt((PLAN,), {"plan": "silver"}) == {}
