"""Formulas as MathML, in which every symbol can be pointed at."""

from __future__ import annotations

from html import escape


def row(*pieces: str) -> str:
    """Return pieces of a formula side by side."""
    return f"<mrow>{''.join(pieces)}</mrow>"


def letter(written: str) -> str:
    """Return a variable that needs no explanation, such as an index."""
    return f"<mi>{escape(written)}</mi>"


def number(written: str) -> str:
    """Return a number."""
    return f"<mn>{escape(written)}</mn>"


def sign(written: str) -> str:
    """Return an operator or a bracket; brackets do not grow."""
    return f'<mo stretchy="false">{escape(written)}</mo>'


def name(written: str) -> str:
    """Return the name of a function, such as log."""
    return f'<mi mathvariant="normal">{escape(written)}</mi><mo>&#x2061;</mo>'


def low(base: str, index: str) -> str:
    """Return a piece with an index."""
    return f"<msub>{base}{index}</msub>"


def high(base: str, power: str) -> str:
    """Return a piece with a power."""
    return f"<msup>{base}{power}</msup>"


def over(top: str, bottom: str) -> str:
    """Return a fraction."""
    return f"<mfrac>{top}{bottom}</mfrac>"


def total(index: str) -> str:
    """Return the sign of a sum over an index."""
    return f'<munder><mo movablelimits="false">&#x2211;</mo>{index}</munder>'


def called(function: str, *given: str) -> str:
    """Return a function of something."""
    inside = '<mo separator="true">,</mo>'.join(given)
    return row(function, sign("("), inside, sign(")"))


def symbol(key: str, piece: str) -> str:
    """Return a piece that can be pointed at, and is explained under `key`."""
    return f'<mrow class="symbol" data-symbol="{escape(key)}">{piece}</mrow>'
