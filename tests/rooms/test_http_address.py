"""Which addresses may be called: literals, names, tricks (SSR-01, SSR-04, SSR-05, SSR-07)."""

import asyncio
import ipaddress

import pytest

from parlour.config import Settings
from parlour.kit.http import Blocked, GuardedClient, parse
from parlour.kit.http.address import GENERIC, permitted
from tests.rig.outgoing import Canary, names

INTERNAL_NAMES = {
    "localhost": "127.0.0.1",
    "metadata.google.internal": "169.254.169.254",
    "127.0.0.1.nip.io": "127.0.0.1",
    "internal.example": "10.0.0.7",
    "six.example": "::1",
    "mapped.example": "::ffff:127.0.0.1",
    "mixed.example": "93.184.216.34 127.0.0.1",
    "public.example": "93.184.216.34",
}

# Every one leads, for somebody's parser, to the canary on 127.0.0.1 or to a metadata service.
CORPUS = [
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.255.255.254:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://0X7F000001:{port}/",
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.0.0.01:{port}/",
    "http://127.0.0.0x1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[fec0::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://127.0.0.1.nip.io:{port}/",
    "http://internal.example/",
    "http://six.example:{port}/",
    "http://mapped.example:{port}/",
    "http://mixed.example:{port}/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://127。0。0。1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://１２７.0.0.1:{port}/",  # noqa: RUF001 - a trick is what this is
    "http://ｌｏｃａｌｈｏｓｔ:{port}/",  # noqa: RUF001
    "http://loc\u00adalhost:{port}/",
    "http://public.example@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@public.example/",
    "http://user:password@public.example/",
    "http://127.0.0.1:{port}\\@public.example/",
    "http://public.example\\@127.0.0.1:{port}/",
    "http://public.example#@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@public.example/",
    "http://public.example;127.0.0.1/",
    "http://public.example%2f@127.0.0.1:{port}/",
    "http://127.0.0.1%2f.public.example/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://public.example:80@127.0.0.1:{port}/",
    "http://public.example:80:{port}/",
    "http:// 127.0.0.1:{port}/",
    " http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/\t",
    "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1:{port}/\r\nHost: other",
    "http://public.example/\x00",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http://:{port}/",
    "http://[127.0.0.1]:{port}/",
    "http://[::1/",
    "http://public..example/",
    "http://-public.example/",
    "http://public.example:22/",
    "http://public.example:25/",
    "http://public.example:6379/",
    "http://public.example:5432/",
    "http://public.example:0/",
    "http://public.example:65536/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_GET",
    "ftp://127.0.0.1/",
    "unix:///var/run/docker.sock",
    "dict://127.0.0.1:{port}/",
    "javascript:alert(1)",
    "data:text/plain,hello",
    "jar:http://127.0.0.1:{port}/!/",
    "",
    "x" * 3_000,
]


def closed_client() -> GuardedClient:
    table = {name.replace(".", "_"): ip for name, ip in INTERNAL_NAMES.items()}
    return GuardedClient(Settings(), resolve=names(**table))


async def test_no_trick_leads_inside() -> None:
    """SSR-01, SSR-04: refused when saved and when sent; nobody ever reaches the canary."""
    client = closed_client()

    async def refused(url: str) -> str:
        for act in (client.check(url), client.post_json(url, {})):
            try:
                await act
            except Blocked:
                continue
            return url
        return ""

    async with Canary().listening() as canary:
        urls = [url.replace("{port}", str(canary.port)) for url in CORPUS]
        assert {*await asyncio.gather(*map(refused, urls))} == {""}
        assert canary.hits == 0
    await client.close()


def test_what_looks_like_a_trick_and_has_one_meaning() -> None:
    assert parse("http://public.example?@127.0.0.1").host == "public.example"


async def test_every_closed_address_is_told_alike() -> None:
    """SSR-05: one text, and no less than one time, whatever lies behind."""
    client = closed_client()
    clock = asyncio.get_running_loop().time

    async def told(url: str) -> tuple[str, float]:
        began = clock()
        with pytest.raises(Blocked) as refusal:
            await client.check(url)
        return str(refusal.value), clock() - began

    closed = [
        "http://127.0.0.1:8000/",
        "http://169.254.169.254/",
        "http://[::1]/",
        "http://10.9.8.7/",
        "http://internal.example/",
        "http://nowhere.example/",
    ]
    answers = await asyncio.gather(*map(told, closed))
    assert {text for text, _ in answers} == {GENERIC}
    assert all(0.09 < seconds < 1 for _, seconds in answers)


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fe80::a9fe:a9fe", "0.0.0.0"),
        *("100.100.100.200", "168.63.129.16", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("224.0.0.1", "255.255.255.255", "::", "2002:a9fe:a9fe::"),
    ],
)
def test_metadata_stays_closed_whatever_is_opened(address: str) -> None:
    """SSR-07."""
    everything = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    assert not permitted(ipaddress.ip_address(address), everything)


def test_opening_one_network_opens_no_other() -> None:
    """SSR-07."""
    lan = (ipaddress.ip_network("192.168.7.0/24"),)
    assert permitted(ipaddress.ip_address("192.168.7.5"), lan)
    assert permitted(ipaddress.ip_address("::ffff:192.168.7.5"), lan)
    assert not permitted(ipaddress.ip_address("192.168.8.5"), lan)
    assert not permitted(ipaddress.ip_address("127.0.0.1"), lan)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_public_addresses_are_open(address: str) -> None:
    assert permitted(ipaddress.ip_address(address), ())


async def test_parlour_is_not_asked_to_call_itself() -> None:
    """SSR-01: its own port, on any address of its own."""
    settings = Settings(allow_networks=(ipaddress.ip_network("127.0.0.0/8"),), port=8123)
    client = GuardedClient(settings)
    await client.check("http://127.0.0.1:8124/")
    for url in ("http://127.0.0.1:8123/", "http://127.9.9.9:8123/", "http://localhost:8123/"):
        with pytest.raises(Blocked):
            await client.check(url)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HTTPS://Models.Example.ORG/v1", "https://models.example.org/v1"),
        ("https://models.example.org.", "https://models.example.org/"),
        ("http://models.example.org:80/a?b=c", "http://models.example.org/a?b=c"),
        ("https://models.example.org:8443?x", "https://models.example.org:8443/?x"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[2606:4700:0::1111]:8000/", "http://[2606:4700::1111]:8000/"),
        ("http://my_model:8000/v1", "http://my_model:8000/v1"),
    ],
)
def test_one_address_has_one_form(written: str, meant: str) -> None:
    assert parse(written).url == meant


def test_a_log_gets_the_origin_alone() -> None:
    """SSR-09: paths and queries may hold secrets."""
    assert parse("https://hooks.example.org/T0/s3cret?k=1").origin == "https://hooks.example.org"
