"""What was just done is told to the session it is meant for, for some minutes, and to no other."""

from parlour.kit.clock import MINUTE
from parlour.kit.tokens import Keyring
from parlour.web.studio import telling
from parlour.web.studio.telling import Told

KEYS = Keyring(["0123456789abcdef"])
NOON = 1_795_183_200_000
TOLD = Told("“Autumn fair” is off.", "/studio/links/lnk_1/on", {"seen": "7"})


def test_it_comes_back_whole() -> None:
    sealed = telling.seal(KEYS, "ses_1", NOON, TOLD)
    assert telling.read(KEYS, "ses_1", NOON + MINUTE, sealed) == TOLD


def test_not_in_another_session_not_later_and_not_when_made_up() -> None:
    sealed = telling.seal(KEYS, "ses_1", NOON, TOLD)
    assert telling.read(KEYS, "ses_2", NOON, sealed) is None
    assert telling.read(KEYS, "ses_1", NOON + 11 * MINUTE, sealed) is None
    assert telling.read(Keyring(["another key altogether"]), "ses_1", NOON, sealed) is None
    for made_up in ("", "x", sealed[:-2], KEYS.seal("[1,2]"), "x" * 9_000):
        assert telling.read(KEYS, "ses_1", NOON, made_up) is None


def test_what_no_address_could_carry_is_not_said() -> None:
    assert telling.seal(KEYS, "ses_1", NOON, Told("x" * 5_000)) == ""
