"""Settings that the program could not work with are refused at the start, by name."""

import pytest

from parlour import config
from parlour.kit.errors import Invalid

BAD = [
    ("PARLOUR_SECRET_KEY", "long enough to be good,short"),
    ("PARLOUR_DATABASE_URL", "foo"),
    ("PARLOUR_DATABASE_URL", "mysql://user:hidden@host/db"),
    ("PARLOUR_DATABASE_URL", "postgresql://user:hidden@host:port/db"),
    ("PARLOUR_REDIS_URL", "foo"),
    ("PARLOUR_REDIS_URL", "redis://:hidden@host:port/0"),
    ("PARLOUR_LEASE_SECONDS", "0"),
    ("PARLOUR_WORKERS", "0"),
    ("PARLOUR_WORKERS", "1.5"),
    ("PARLOUR_PORT", "65536"),
    ("PARLOUR_PORT", "-1"),
    ("PARLOUR_MAX_BODY_BYTES", "0"),
    ("PARLOUR_MAX_MESSAGE_CHARS", "0"),
    ("PARLOUR_MAX_REPLY_CHARS", "0"),
    ("PARLOUR_PROMPT_CHARS", "0"),
    ("PARLOUR_SESSION_DAYS", "0"),
    ("PARLOUR_REPLY_TIMEOUT", "0"),
    ("PARLOUR_REPLY_TIMEOUT", "nan"),
    ("PARLOUR_LOG_LEVEL", "loud"),
    ("PARLOUR_DATA_DIR", ""),
    ("PARLOUR_DATA_DIR", "  "),
    ("PARLOUR_DATA_DIR", "/dev/null"),
    ("PARLOUR_DOCUMENTS_ROOTS", "/srv,\0"),
    ("PARLOUR_PUBLIC_URL", "chat.example.org"),
    ("PARLOUR_PUBLIC_URL", "ftp://chat.example.org"),
    ("PARLOUR_PUBLIC_URL", "https://"),
    ("PARLOUR_PUBLIC_URL", "https://chat.example.org/below"),
    ("PARLOUR_PUBLIC_URL", "https://chat.example.org?x=1"),
    ("PARLOUR_PUBLIC_URL", "https://me:hidden@chat.example.org"),
    ("PARLOUR_PUBLIC_URL", "https://chat.example.org:port"),
    ("PARLOUR_PUBLIC_URL", "https://chat example.org"),
    ("PARLOUR_PUBLIC_URL", "https://[::1"),
    ("PARLOUR_SECURITY_CONTACT", "security@example.org"),
    ("PARLOUR_SECURITY_CONTACT", "mailto:a@example.org\nExpires: never"),
    ("PARLOUR_ALLOW_NETWORKS", "everything"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_does_not_fit_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name) as refused:
        config.load({name: value})
    assert [each.field for each in refused.value.errors] == [name]
    assert "hidden" not in str(refused.value)


def test_everything_that_does_not_fit_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        config.load(dict(BAD))
    assert {each.field for each in refused.value.errors} == {name for name, _ in BAD}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARLOUR_SECRET_KEY", ""),
        ("PARLOUR_SECRET_KEY", "sixteen letters!,and sixteen more"),
        ("PARLOUR_DATABASE_URL", ""),
        ("PARLOUR_DATABASE_URL", "postgres://user:p%2Fss@host/db"),
        ("PARLOUR_DATABASE_URL", "postgresql:///db?host=/run/postgresql"),
        ("PARLOUR_REDIS_URL", "rediss://:secret@host:6380/1"),
        ("PARLOUR_REDIS_URL", "unix:///run/redis.sock"),
        ("PARLOUR_PUBLIC_URL", ""),
        ("PARLOUR_PUBLIC_URL", "http://127.0.0.1:8080"),
        ("PARLOUR_PUBLIC_URL", "https://chat.example.org/"),
        ("PARLOUR_PUBLIC_URL", "https://[::1]:8443"),
        ("PARLOUR_SECURITY_CONTACT", ""),
        ("PARLOUR_SECURITY_CONTACT", "mailto:security@example.org"),
        ("PARLOUR_DATA_DIR", "."),
        ("PARLOUR_PORT", "0"),
        ("PARLOUR_DRAIN_SECONDS", "0"),
        ("PARLOUR_LOG_LEVEL", "DEBUG"),
    ],
)
def test_what_fits_is_taken(name: str, value: str) -> None:
    assert config.load({name: value})


def test_the_defaults_fit() -> None:
    given = config.load({})
    written = {
        config.PREFIX + name.upper(): str(getattr(given, name))
        for name in ("port", "workers", "lease_seconds", "max_body_bytes", "log_level")
    }
    assert config.load(written) == given
