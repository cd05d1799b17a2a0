"""Drawings for a terminal: QR codes of half blocks."""

import segno


def qr(url: str) -> list[str]:
    """Draw a QR code with half blocks, light on dark, as most terminals are."""
    code = segno.make(url, micro=False, error="l", boost_error=False)
    rows = [[bool(dark) for dark in row] for row in code.matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    blocks = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return ["".join(blocks[up, low] for up, low in zip(*pair, strict=True)) for pair in pairs]
