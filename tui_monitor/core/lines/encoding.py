"""Encodings of a log: bytes to code units, code units to characters.

Owns UTF-8 with what stands in for it where it is broken, and UTF-16. A code unit is held as one
character of a `str`, so that places in units are places in bytes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

# What UTF-8 cannot read is read as Windows' Western code page, byte by byte, so that one torn
# character leaves the rest of its line as it was.
_LEGACY = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte)
    for byte in range(0x80, 0x100)
}
_TORN = re.compile("[\udc80-\udcff]")
_CUT_CHARACTER = re.compile("[\udcc2-\udcf4][\udc80-\udcbf]{0,2}\\Z|[\ud800-\udbff]\\Z")


class Encoding(NamedTuple):
    """How the units of a source make characters."""

    width: int
    """Bytes a unit."""
    pairs: str
    """numpy's name of a unit of two bytes."""
    units: str
    """Codec that makes bytes of units, one unit a character."""
    text: str
    """Codec of those bytes."""
    errors: str
    """Keeps what is malformed as lone surrogates, so that decoding can be undone."""
    continuing: re.Pattern[str]
    """Units that can not begin a character."""

    def split(self, data: bytes) -> str:
        """Units of bytes; those of a cut unit at the end are left out."""
        if self.width == 1:
            return data.decode("latin-1")
        pairs = np.frombuffer(data, self.pairs, count=len(data) // 2)
        return pairs.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

    def decode(self, units: str) -> str:
        """Characters of units; what is malformed stays as lone surrogates."""
        if units.isascii():
            return units
        data = units.encode(self.units, "surrogatepass")
        try:
            return data.decode(self.text)
        except UnicodeDecodeError:
            return data.decode(self.text, self.errors)

    def show(self, units: str, *, cut: bool = False) -> str:
        """Characters to read: torn ones made good; `cut`: the end may be half a character."""
        text = self.decode(units)
        if text.isascii() or text.isprintable():  # torn ones are not
            return text
        if cut:
            text = _CUT_CHARACTER.sub("", text)
        return text.translate(_LEGACY) if self.width == 1 and _TORN.search(text) else text

    def count(self, text: str) -> int:
        """Units that `decode` made this text of."""
        return len(text.encode(self.text, self.errors)) // self.width


BYTES = Encoding(1, "", "latin-1", "utf-8", "surrogateescape", re.compile("[\x80-\xbf]"))
LITTLE, BIG = (
    Encoding(2, order, "utf-16-le", "utf-16-le", "surrogatepass", re.compile("[\udc00-\udfff]"))
    for order in ("<u2", ">u2")
)
MARKS = {b"\xef\xbb\xbf": BYTES, b"\xff\xfe": LITTLE, b"\xfe\xff": BIG}
"""Byte-order marks, and what follows them. No mark: bytes."""
