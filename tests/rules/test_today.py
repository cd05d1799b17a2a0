"""The home page tells first what is broken, then what waits, then what is worth knowing."""

from types import SimpleNamespace
from typing import Any

from msgspec import structs

from parlour.agents.model import Agent, Content
from parlour.insights import Failing
from parlour.links.private import Invited
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.web.studio import today

AT = "/studio/agents"


def agent(name: str, *, live: bool = True, published: int | None = 1) -> Agent:
    content = Content("openai", {}, name.title())
    return Agent(f"agt_{name}", "wsp", name, live, published, content, 0, 0)


def reading(state: str, **more: Any) -> Any:
    seen = {"state": state, "done": 0, "total": 0, "skipped": [], "error": "", **more}
    return SimpleNamespace(**seen)


def link(name: str | None, expires_at: int) -> Link:
    return Link("lnk_1", "wsp", "agt_a", Kind(1), name, 0, expires_at, True, None, 0, 0, "", 0)


def test_nothing_is_said_of_what_is_well() -> None:
    ready = {"agt_a": reading("ready")}
    assert today.of_agents([agent("a")], {"agt_a": 3}, {}, ready, AT) == []
    assert today.of_links([], 0, "/studio/links", []) == []


def test_an_agent_without_links_may_be_away_or_unpublished() -> None:
    resting = [agent("a", live=False), agent("b", published=None)]
    assert today.of_agents(resting, {}, {}, {}, AT) == []


def test_the_most_urgent_comes_first() -> None:
    agents = [agent("a", live=False), agent("b", published=None), agent("c"), agent("d")]
    doors = dict.fromkeys(("agt_a", "agt_b", "agt_c", "agt_d"), 2)
    failing = {"agt_c": Failing(4, 4, "unreachable")}
    documents = {"agt_d": reading("failed", error="there is no folder /srv/handbook")}
    found = today.of_agents(agents, doors, failing, documents, AT)
    assert [matter.title for matter in found] == [
        "C is not answering",
        "The documents of D could not be read",
        "B is not published",
        "A is offline",
    ]
    assert found[0].told.startswith("All 4 replies failed in the last hour: the server behind it")
    assert found[0].path == "/studio/agents/c"
    assert found[2].told.startswith("2 links lead to it")


def test_an_agent_that_is_away_is_not_blamed_for_not_answering() -> None:
    failing = {"agt_a": Failing(4, 4, "timeout")}
    assert today.of_agents([agent("a", live=False)], {}, failing, {}, AT) == []


def test_words_fit_the_number() -> None:
    failing = {"agt_a": Failing(1, 1, "never heard of"), "agt_b": Failing(3, 9, "timeout")}
    first, second = today.of_agents([agent("a"), agent("b")], {}, failing, {}, "")
    assert first.told.startswith("The last reply failed in the last hour: the answer broke off")
    assert second.title == "B fails again and again"
    assert second.told.startswith("3 of 9 replies failed")
    assert (first.path, first.action) == ("", "Look into it")
    one = today.of_links([link("Fair", 9)], 1, "/studio/links", [agent("a")])[0]
    assert (one.title, one.ends) == ("A link ends within a day", [("Fair", 9)])
    many = today.of_links([link(None, 9)] * 3, 1_200, "", [agent("a")])[0]
    assert many.title == "1,200 links end within a day"
    assert many.told == "and 1,197 more"
    assert [name for name, _ in many.ends] == [
        "A link without a name to A",
        "a link without a name to A",
        "a link without a name to A",
    ]


def test_private_and_nobody_invited_and_used_up_links() -> None:
    shut = agent("a")
    shut = structs.replace(shut, sharing={"mode": "private"})
    (matter,) = today.of_agents([shut], {}, {}, {}, AT)
    assert (matter.title, matter.path) == (
        "A is private, and nobody has a private link",
        "/studio/agents/a/sharing",
    )
    invited = {"agt_a": Invited(3, 0)}
    assert today.of_agents([shut], {}, {}, {}, AT, invited=invited) == []
    (matter,) = today.of_agents([shut], {}, {}, {}, AT, invited={"agt_a": Invited(3, 2)})
    assert matter.title == "2 private links to A are used up"
