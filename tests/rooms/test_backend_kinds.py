"""What may be written into the config of each kind of backend, and what is shown of it."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from parlour.agents.backends import KINDS
from parlour.agents.backends.openai.config import key_of
from parlour.kit.errors import Invalid
from parlour.tools import Tools
from tests.rig.outgoing import names, tools_for

OPENAI = KINDS["openai"]
WEBHOOK = KINDS["webhook"]
FUNCTION = KINDS["function"]
BASE = {"base_url": "https://models.example/v1", "model": "m"}


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    made = tools_for(
        allow_networks=(),
        resolve=names(models_example="93.184.216.34", inside_example="10.0.0.7"),
        function_targets=("tests.rig.outgoing:text_of", "json:*"),
    )
    yield made
    await made.http.close()


def refused(kind: Any, given: Any, previous: Any, tools: Tools, *, trusted: bool) -> str:
    with pytest.raises(Invalid) as refusal:
        kind.accept(given, previous, tools, trusted=trusted)
    return refusal.value.errors[0].field


@pytest.mark.parametrize("name", ["openai", "webhook", "function"])
def test_a_config_survives_being_kept_and_being_given_back(name: str, tools: Tools) -> None:
    written: dict[str, dict[str, Any]] = {
        "openai": {**BASE, "api_key": "k", "instructions": "x", "temperature": 0.2},
        "webhook": {"url": "https://models.example/hook", "verify_response": True},
        "function": {"target": "json:dumps"},
    }
    kind = KINDS[name]
    config = kind.accept(written[name], None, tools, trusted=False)
    assert kind.load(kind.stored(config)) == config
    assert kind.accept(kind.shown(config), config, tools, trusted=False) == config


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("openai", {}, "base_url"),
        ("openai", {**BASE, "model": ""}, "model"),
        ("openai", {**BASE, "model": 3}, "model"),
        ("openai", {**BASE, "temperature": 7}, "temperature"),
        ("openai", {**BASE, "max_output_tokens": 0}, "max_output_tokens"),
        ("openai", {**BASE, "surprise": 1}, "surprise"),
        ("openai", {**BASE, "api_key_sealed": "x"}, "api_key_sealed"),
        ("openai", {**BASE, "api_key": "two words"}, "api_key"),
        ("openai", {**BASE, "api_key": "line\r\nX: y"}, "api_key"),
        ("openai", {**BASE, "base_url": "file:///etc/passwd"}, "base_url"),
        ("openai", {**BASE, "base_url": "https://u:p@models.example"}, "base_url"),
        ("webhook", {"url": "ftp://models.example"}, "url"),
        ("webhook", {"url": "https://models.example", "secret": "whsec_mine"}, "secret"),
        ("webhook", {"url": "https://models.example", "secrets_sealed": []}, "secrets_sealed"),
        ("function", {"target": "os"}, "target"),
        ("function", {"target": "os:"}, "target"),
        ("function", {"target": "../x:y"}, "target"),
        ("function", {"target": "os:system('x')"}, "target"),
    ],
)
def test_what_does_not_fit_is_said_by_field(
    name: str, given: Any, field: str, tools: Tools
) -> None:
    assert refused(KINDS[name], given, None, tools, trusted=True) == field


def test_a_key_goes_in_and_never_comes_out(tools: Tools) -> None:
    """API-10."""
    config = OPENAI.accept({**BASE, "api_key": "sk-secret"}, None, tools, trusted=False)
    assert key_of(config, tools) == "sk-secret"
    assert OPENAI.shown(config)["api_key"] == "set"
    for written in (OPENAI.shown(config), OPENAI.stored(config), config):
        assert "sk-secret" not in str(written)
    removed = OPENAI.accept({**BASE, "api_key": None}, config, tools, trusted=False)
    assert key_of(removed, tools) == ""


def test_a_key_stays_with_its_address(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """API-10: no key is sent to an address it was not given for."""
    config = OPENAI.accept({**BASE, "api_key": "sk-secret"}, None, tools, trusted=False)
    elsewhere = {**BASE, "base_url": "https://evil.example/v1"}
    for given in (
        elsewhere,
        {**elsewhere, "api_key": "set"},
        {**OPENAI.shown(config), **elsewhere},
    ):
        for trusted in (False, True):
            assert refused(OPENAI, given, config, tools, trusted=trusted) == "api_key"
    moved = OPENAI.accept({**elsewhere, "api_key": "sk-other"}, config, tools, trusted=False)
    assert key_of(moved, tools) == "sk-other"
    unchanged = {**BASE, "base_url": "https://MODELS.example/v1/", "model": "n"}
    assert key_of(OPENAI.accept(unchanged, config, tools, trusted=False), tools) == "sk-secret"
    dropped = OPENAI.accept({**elsewhere, "api_key": None}, config, tools, trusted=False)
    assert key_of(dropped, tools) == ""


def test_variables_are_named_on_the_command_line_alone(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API-10: who may name a variable and an address could read any variable."""
    monkeypatch.setenv("MODEL_KEY_OF_TESTS", "sk-env")
    given = {**BASE, "api_key_env": "MODEL_KEY_OF_TESTS"}
    assert refused(OPENAI, given, None, tools, trusted=False) == "api_key_env"
    config = OPENAI.accept(given, None, tools, trusted=True)
    assert key_of(config, tools) == "sk-env"
    # Over HTTP it may stay, not move, and another may not be named.
    assert OPENAI.accept({**BASE, "model": "n"}, config, tools, trusted=False).api_key_env
    other = {**given, "api_key_env": "PARLOUR_SECRET_KEY"}
    assert refused(OPENAI, other, config, tools, trusted=False) == "api_key_env"
    elsewhere = {**given, "base_url": "https://evil.example/v1"}
    assert refused(OPENAI, elsewhere, config, tools, trusted=False) == "api_key"
    assert OPENAI.accept(elsewhere, config, tools, trusted=True).api_key_env
    assert refused(OPENAI, {**BASE, "api_key_env": "a b"}, None, tools, trusted=True)


@pytest.mark.parametrize("kind", [OPENAI, WEBHOOK])
async def test_addresses_are_checked_when_saved(kind: Any, tools: Tools) -> None:
    """SSR-01, SSR-05: over HTTP nothing is told; the machine's owner is told how to open it."""
    field = "base_url" if kind is OPENAI else "url"
    more = {"model": "m"} if kind is OPENAI else {}

    async def check(url: str, *, trusted: bool) -> str:
        config = kind.accept({field: url, **more}, None, tools, trusted=trusted)
        try:
            await kind.check(config, tools, trusted=trusted)
        except Invalid as refusal:
            error = refusal.errors[0]
            return error.message if error.field == field else f"{error.field}?"
        return ""

    assert await check("https://models.example/v1", trusted=False) == ""
    inside = await check("https://inside.example/", trusted=False)
    assert inside == await check("https://nowhere.example/", trusted=False)
    assert inside == await check("http://127.0.0.1:9000/", trusted=False)
    assert "ALLOW_NETWORKS" not in inside
    assert "PARLOUR_ALLOW_NETWORKS" in await check("http://127.0.0.1:9000/", trusted=True)
    assert await check("https://nowhere.example/", trusted=True) == ""
    loopback = tools_for()
    config = kind.accept({field: "http://127.0.0.1:9000/", **more}, None, tools, trusted=False)
    await kind.check(config, loopback, trusted=False)


def test_a_webhook_secret_is_shown_once_and_rotates(tools: Tools) -> None:
    url = {"url": "https://models.example/hook"}
    first = WEBHOOK.accept(url, None, tools, trusted=False)
    secret = WEBHOOK.made(None, first, tools)["secret"]
    assert secret.startswith("whsec_")
    assert secret not in str(WEBHOOK.shown(first)) + str(WEBHOOK.stored(first))
    same = WEBHOOK.accept({**url, "verify_response": True}, first, tools, trusted=False)
    assert WEBHOOK.made(first, same, tools) == {}
    turned = first
    for _ in range(3):
        before = turned
        given = {**url, "rotate_secret": True}
        turned = WEBHOOK.accept(given, before, tools, trusted=False)
        assert WEBHOOK.made(before, turned, tools)["secret"] != secret
        assert turned.secrets_sealed[1:] == before.secrets_sealed[:1]


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("tests.rig.outgoing:text_of", True),
        ("json:dumps", True),
        ("json:JSONEncoder.encode", False),
        ("json:_default_encoder", False),
        ("tests.rig.outgoing:names", False),
        ("os:system", False),
    ],
)
def test_over_http_only_listed_callables(target: str, allowed: bool, tools: Tools) -> None:
    if allowed:
        assert FUNCTION.accept({"target": target}, None, tools, trusted=False)
    else:
        assert refused(FUNCTION, {"target": target}, None, tools, trusted=False) == "target"
    assert FUNCTION.accept({"target": target}, None, tools, trusted=True)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("no_such_module_here:answer", "no_such_module_here cannot be imported: ModuleNotFound"),
        ("json:no_such_name", "there is no no_such_name in json"),
        ("json:__name__", "is not a function"),
        ("json:JSONDecoder", "is not a function"),
        ("os:getcwd", "does not take a message"),
    ],
)
async def test_a_target_that_cannot_be_called_is_told_when_saved(
    target: str, says: str, tools: Tools
) -> None:
    config = FUNCTION.accept({"target": target}, None, tools, trusted=True)
    with pytest.raises(Invalid, match=says):
        await FUNCTION.check(config, tools, trusted=True)


async def test_a_star_lists_what_a_module_defines() -> None:
    """What a module happens to import is not what its owner meant to list."""
    there = tools_for(function_targets=("tests.rooms.test_backend_kinds:*",))
    own = FUNCTION.accept(
        {"target": "tests.rooms.test_backend_kinds:refused_by_nobody"}, None, there, trusted=False
    )
    await FUNCTION.check(own, there, trusted=False)
    imported = FUNCTION.accept(
        {"target": "tests.rooms.test_backend_kinds:names_of"}, None, there, trusted=False
    )
    with pytest.raises(Invalid, match="is not defined in"):
        await FUNCTION.check(imported, there, trusted=False)


def refused_by_nobody(text: str) -> str:
    return text


names_of = msgspec.to_builtins
