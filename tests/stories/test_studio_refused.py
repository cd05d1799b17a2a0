"""A form of the studio that is refused: what is wrong in it is what one sees next."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest

from tests.rig.colleague import owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken
from tests.stories.test_studio_sharing import seen_on

OWN = "/studio/agents/helper/sharing"
LIMITS = {"daily_limit_by": "session", "budget_period": "day"}
REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("{own}/hours", {"seats": "-3"}, "seats"),
    ("{own}/hours", {"zone": "Mars/Olympus"}, "zone"),
    ("{own}/hours", {"weekly": "never"}, "weekly"),
    ("{own}/limits", {"rate_limit_per_minute": "lots"}, "rate_limit_per_minute"),
    ("{own}/limits", LIMITS | {"when_spent": "nobody"}, "when_spent"),
    ("{own}/uses", {"use_idle_minutes": "0", "use_longest_minutes": "0"}, "use_idle_minutes"),
    ("{own}/private", {"users": "Anna", "max_uses": "abc"}, "max_uses"),
    ("{own}/private", {"users": "", "max_uses": "1"}, "users"),
    ("{own}/verify", {"verify": "after", "verify_after": "many"}, "verify_after"),
    ("{own}/words", {"disabled": "x" * 501}, "disabled"),
    ("{link}", {"rate_limit_per_minute": "abc"}, "rate_limit_per_minute"),
    ("{link}", {"hours": "abc"}, "hours"),
    ("{link}/hours", {"own": "1", "seats": "abc"}, "seats"),
    ("{link}/rotate", {"lasts": "abc"}, "lasts"),
    ("/studio/links/new", {"agent": "helper", "kind": "temporary", "other": "abc"}, "other"),
    ("/studio/links/new", {"agent": "helper", "budget_tokens": "abc"}, "budget_tokens"),
]


class Wrong(HTMLParser):
    """Finds the first wrong field of a page, and what is folded over it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.name = ""
        self.focused = False
        self.folded = False
        self._folds: list[bool] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "details":
            self._folds.append("open" not in given)
        if given.get("aria-invalid") == "true" and not self.name:
            self.name = given.get("name") or "?"
            self.focused = "autofocus" in given
            self.folded = any(self._folds)

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self._folds.pop()


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet, with an agent."""
    made = Server(storage, tmp_path, nursery).start()
    made.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    yield made
    check_unbroken(made.output)
    made.close()


async def test_the_first_wrong_field_has_the_focus(
    http: aiohttp.ClientSession, fresh: Server
) -> None:
    olga = await owner_of(http, fresh)
    link = fresh.make_link("helper", "--hours", "5")
    places = {"own": OWN, "link": f"/studio/links/{link.id}"}
    seen = {key: seen_on(await olga.get(path)) for key, path in places.items()}
    for path, form, name in REFUSED:
        state = seen.get(path[1 : path.find("}")], "")
        page = await olga.post(path.format(**places), form | {"seen": state})
        wrong = Wrong(page.text)
        said = (path, form, page.words[-300:])
        assert page.status == 422, said
        assert (wrong.name, wrong.focused, wrong.folded) == (name, True, False), said
