"""What the history says of every kind of event."""

import pytest

from parlour.events import Kind
from parlour.web.studio.history import said_of


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_told_in_words(kind: Kind) -> None:
    assert said_of(kind) != kind.replace(".", " ").replace("_", " ")


def test_a_link_is_told_by_its_name() -> None:
    for kind in (Kind.LINK_CREATED, Kind.LINK_CHANGED, Kind.LINK_ROTATED, Kind.LINK_REVOKED):
        assert "a link" in said_of(kind)
        assert "the link “\u2068Poster\u2069”" in said_of(kind, "Poster")
