"""The square code on a statement (二维码): what the check asks for, to be read by a telephone."""

import segno

_ERRORS = "m"


def square_code(text: str) -> tuple[tuple[bool, ...], ...]:
    """The modules of a QR code by rows, True for dark; without the quiet zone around it."""
    code = segno.make_qr(text, error=_ERRORS, boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)
