"""Identity keys on the Sharing tab: made, shown once, signed with as the page says, revoked."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import aiohttp
import pytest
from joserfc.jwk import OKPKey

from tests.rig.colleague import Colleague, Page, joined, owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken
from tests.rig.visitor import Visitor

OWN = "/studio/agents/helper/sharing"
KEYS = OWN + "/identity"


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet, with an agent."""
    made = Server(storage, tmp_path, nursery).start()
    made.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    yield made
    check_unbroken(made.output)
    made.close()


@pytest.fixture
async def olga(http: aiohttp.ClientSession, fresh: Server) -> Colleague:
    """The owner."""
    return await owner_of(http, fresh)


def secret_on(page: Page) -> str:
    found = re.search(r"<output[^>]*>(parlour_id_\w+)</output>", page.text)
    assert found is not None, page.words
    return found.group(1)


def code_on(page: Page, language: str) -> str:
    found = re.search(rf'<pre[^>]*aria-label="{language}"><code>(.*?)</code>', page.text, re.DOTALL)
    assert found is not None, page.words
    return unescape(found.group(1))


def signed_by_python(code: str, name: str, value: str, folder: Path) -> str:
    kept = value.encode() if name == "PRIVATE_KEY" else value
    ran = [sys.executable, "-c", f"{name} = {kept!r}\n{code}print(url)"]
    return _ran(ran, folder)


def signed_by_javascript(code: str, name: str, value: str, folder: Path) -> str:
    program = folder / "sign.mjs"
    program.write_text(f"const {name} = `{value}`;\n{code}console.log(url);\n")
    return _ran(["node", str(program)], folder)


def _ran(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def test_a_key_is_made_and_signs_as_the_page_says(
    olga: Colleague,
    fresh: Server,
    tmp_path: Path,
) -> None:
    """The secret is there once; the code on the page, run as it stands, brings a visitor in."""
    link = fresh.make_link("helper", "--name", "Shop", "--require-email")
    again = await olga.post(KEYS, {"name": " ", "public_key": "junk"})
    assert (again.status, "junk" in again.text) == (422, True)
    pair = OKPKey.generate_key("Ed25519")
    private = pair.as_pem(private=True).decode()
    again = await olga.post(KEYS, {"name": "shop", "public_key": private})
    assert (again.status, "PRIVATE" in again.text) == (422, False)
    made = await olga.post(KEYS, {"name": "<b>shop</b>"})
    assert made.status == 200
    secret = fresh.keep_secret(secret_on(made))
    assert "<b>shop" not in made.text
    listed = await olga.get(OWN)
    assert secret not in listed.text
    url = await asyncio.to_thread(
        signed_by_python, code_on(listed, "Python"), "SECRET", secret, tmp_path
    )
    visitor = Visitor(olga.http, fresh.url, link.token)
    await comes_in(visitor, url)
    public = pair.as_pem(private=False).decode()
    made = await olga.post(KEYS, {"name": "mails", "public_key": public})
    assert "Your private key stays with you" in made.words
    language, by = "Python", signed_by_python
    if shutil.which("node"):
        language, by = "JavaScript", signed_by_javascript
    code = code_on(made, language)
    url = await asyncio.to_thread(by, code, "PRIVATE_KEY", private, tmp_path)
    other = Visitor(olga.http, fresh.url, link.token)
    await comes_in(other, url)
    # The one goes, and with it whom it let in; the other stays.
    keys = re.findall(r"/identity/(idk_\w+)/revoke", made.text)
    done = await olga.post(f"{KEYS}/{keys[1]}/revoke")
    done = await olga.get(done.leads_to)
    assert "One visitor known by it had to leave." in done.words
    assert (await visitor.call("history", "GET")).code == "verification_required"
    assert (await other.call("history", "GET")).status == 200
    assert (await olga.post(f"{KEYS}/{keys[1]}/revoke")).status == 404
    # Who hands out no links makes and revokes none.
    ana = await joined(olga, "ana@team.example", "analyst", "Ana")
    for path in (KEYS, f"{KEYS}/{keys[0]}/revoke"):
        assert (await ana.post(path, {"name": "x"})).status == 403
    page = await ana.get(OWN)
    assert "mails" in page.words
    assert "New identity key" not in page.words
    told = fresh.cli("identity", "list", "helper")
    assert [each["id"] for each in told] == [keys[0]]
    shown = (await olga.get("/studio/history")).words
    assert "Olga made an identity key for helper" in shown
    assert "Olga revoked an identity key of helper" in shown


async def comes_in(visitor: Visitor, url: str) -> None:
    page = await visitor.ask("GET", url.partition(visitor.url)[2])
    found = re.search(r'name="id" value="([^"]+)"', page.text)
    assert found is not None, page.text
    path = f"/chat/{visitor.token}/identify"
    assert (await visitor.ask("POST", path, data={"id": found.group(1), "q": ""})).status == 303
    assert (await visitor.call("history", "GET")).status == 200
