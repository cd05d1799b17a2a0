"""The visit without scripts: plain forms and pages, nothing else (STR-17)."""

import asyncio
import re
from html import unescape

from tests.rig import plays
from tests.rig.visiting import Visit
from tests.rig.visitor import Answer, Visitor


def fields(page: Answer) -> dict[str, str]:
    """The hidden fields of the form, as a browser sends them."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


async def post(person: Visitor, act: str = "", **data: str) -> Answer:
    answer = await person.ask("POST", f"/chat/{person.token}{act}", data=data)
    assert answer.status == 303, answer.body
    assert answer.headers["Location"] == f"/chat/{person.token}"
    return answer


async def said(person: Visitor, text: str) -> Answer:
    page = await person.page()
    return await post(person, message=text, **fields(page))


async def test_a_whole_visit_by_forms(visit: Visit) -> None:
    visit.model.plays(plays.paused("Half", " of it"), plays.hang_after("Then"), plays.reply("New."))
    vera = visit.visitor()
    await said(vera, "Hello <b>?")
    assert vera.session
    page = await vera.page()
    assert "Hello &lt;b&gt;?" in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    visit.model.release()
    await vera.settled()
    page = await vera.page()
    assert "Half of it" in page.text
    assert 'http-equiv="refresh"' not in page.text
    await said(vera, "And then?")
    await asyncio.to_thread(visit.model.wait_for_requests, 2)
    await post(vera, "/stop")
    await vera.settled()
    await post(vera, "/retry")
    history = await vera.settled()
    assert history[-1] == ("assistant", "New.")
    await post(vera, "/retry")  # nothing failed: the page is simply shown again
    assert await vera.history() == history
    await post(vera, "/new")
    page = await vera.page()
    assert "Hello" not in page.text
    assert await vera.history() == []


async def test_the_same_form_sent_twice_is_one_message(visit: Visit) -> None:
    """STR-14, USE-04: a double click, or a reload of the page that the form led to."""
    vera = visit.visitor()
    sent = {"message": "Once", **fields(await vera.page())}
    first = await post(vera, **sent)
    assert len(first.cookies) == 1
    await post(vera, **sent)
    await vera.settled()
    assert len(await vera.history()) == 2
    other = visit.visitor()
    await post(other, **sent)
    assert other.session == vera.session
    assert len(await vera.history()) == 2


async def test_a_form_with_nothing_in_it_shows_the_page_again(visit: Visit) -> None:
    vera = visit.visitor()
    for text in ("", " \r\n "):
        answer = await post(vera, message=text, **fields(await vera.page()))
        assert answer.cookies == ()
    assert await visit.keeper.messages(visit.link) == []


async def test_a_form_that_a_browser_would_not_send(visit: Visit) -> None:
    """INP-02 for forms: no JSON, no parts, no odd characters: a page that says so."""
    vera = visit.visitor()
    path = f"/chat/{visit.link.token}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (
        b"message=%00",
        b"message=%ff%fe",
        b"message=%ED%A0%80",
        b"\xff=\xfe",
        b"a&" * 5000,
    ):
        answer = await vera.ask("POST", path, data=body, headers=form)
        assert answer.status in {303, 400, 413, 422}, body[:20]
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain", "x"):
        answer = await vera.ask(
            "POST", path, data=b'{"message":"Hi"}', headers={"Content-Type": kind}
        )
        assert answer.status in {303, 400, 415, 422}, kind
        assert b"traceback" not in answer.body.lower()
    stored = await visit.keeper.messages(visit.link)
    assert [m.text for m in stored if "\0" in m.text or "Hi" in m.text] == []


async def test_forms_lead_back_to_this_page_and_nowhere_else(visit: Visit) -> None:
    vera = visit.visitor()
    for query in ("?next=https://evil.test", "?return_to=//evil.test"):
        sent = {"message": "Hi", "next": "https://evil.test", **fields(await vera.page())}
        answer = await vera.ask("POST", f"/chat/{vera.token}{query}", data=sent)
        assert answer.status in {303, 422}
        assert "evil" not in answer.headers.get("Location", "")


async def test_an_act_that_there_is_not(visit: Visit) -> None:
    vera = visit.visitor()
    for act in ("/delete", "/stop2", "/..", "/new%00"):
        answer = await vera.ask("POST", f"/chat/{vera.token}{act}")
        assert answer.status in {404, 405, 415, 422}, act
