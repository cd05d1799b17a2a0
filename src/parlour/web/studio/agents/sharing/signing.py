"""What an owner's program needs so as to sign who a visitor is: a few lines to take over."""

from dataclasses import dataclass
from typing import Final

from parlour.verification.keys import HS256, IdentityKey
from parlour.web.studio.links.rows import Row

_PYTHON: Final = """\
{python_import}

def part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")

head = {{"alg": "{algorithm}", "kid": "{key}"}}
word = {{"aud": "{link}", "sub": "user-42", "name": "Ana", "exp": int(time.time()) + 600}}
said = b".".join(part(json.dumps(each).encode()) for each in (head, word))
{python_sign}
url = "{url}?id=" + (said + b"." + part(signature)).decode()
"""
_JAVASCRIPT: Final = """\
import {{ {js_import} }} from "node:crypto";

const part = (data) => Buffer.from(JSON.stringify(data)).toString("base64url");
const head = {{ alg: "{algorithm}", kid: "{key}" }};
const until = Math.floor(Date.now() / 1000) + 600;
const word = {{ aud: "{link}", sub: "user-42", name: "Ana", exp: until }};
const said = `${{part(head)}}.${{part(word)}}`;
{js_sign}
const url = `{url}?id=${{said}}.${{signature}}`;
"""
_BY_SECRET: Final = {
    "algorithm": "HS256",
    "python_import": "import base64, hmac, json, time",
    "python_sign": 'signature = hmac.digest(SECRET.encode(), said, "sha256")',
    "js_import": "createHmac",
    "js_sign": 'const signature = createHmac("sha256", SECRET).update(said).digest("base64url");',
}
_BY_PAIR: Final = {
    "algorithm": "EdDSA",
    "python_import": "import base64, json, time\n"
    "from cryptography.hazmat.primitives.serialization import load_pem_private_key",
    "python_sign": "signature = load_pem_private_key(PRIVATE_KEY, None).sign(said)",
    "js_import": "sign",
    "js_sign": "const signature = sign(null, Buffer.from(said), PRIVATE_KEY)"
    '.toString("base64url");',
}


@dataclass(frozen=True, slots=True)
class Signing:
    """Code that signs for a link, by the name of its language."""

    link_name: str
    """Empty where there is no link yet."""
    code: list[tuple[str, str]]


def signing(key: IdentityKey | None, links: list[Row]) -> Signing | None:
    """Return how to sign with a key for the first of these links; None without a key.

    `SECRET`, or `PRIVATE_KEY` in PEM, is the reader's own to fill in: no page writes it into code.
    """
    if key is None:
        return None
    link = links[0] if links else None
    told = {"key": key.id, "link": "lnk_…", "url": "https://…/chat/…"}
    if link is not None:
        told |= {"link": link.link.id, "url": link.url}
    told |= _BY_SECRET if key.algorithm == HS256 else _BY_PAIR
    code = [("Python", _PYTHON.format(**told)), ("JavaScript", _JAVASCRIPT.format(**told))]
    return Signing("" if link is None else link.name, code)
