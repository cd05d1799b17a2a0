"""How large a picture may be."""

from typing import Final

MOST_BYTES: Final = 5 * 1_048_576
"""Of a picture as it is uploaded."""
MOST_PIXELS: Final = 25_000_000
"""Of a picture before it is made smaller: each takes four bytes while that is done."""
