"""The one sanitiser: text of a log, made safe to show."""

from __future__ import annotations

import re

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a"
    "\u0e47-\u0e4e\u0f71-\u0f84\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
)
_MARK = re.compile(f"[{_MARKS}]")
_UNSAFE = re.compile(
    "[\0-\x08\x0a-\x1f\x7f-\x9f"  # C0 except tab, DEL, C1
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # bidi, zero width, line separators
    "\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"  # surrogates, annotations, tags
    f"|(?P<pile>(?<=[{_MARKS}]{{4}})[{_MARKS}]+)"  # combining marks on one letter beyond the fourth
)


def _make_visible(match: re.Match[str]) -> str:
    if match.lastgroup == "pile":
        return ""
    code = ord(match[0])
    if code < 0x20 or code == 0x7F:
        return "^" + chr(code ^ 0x40)
    return f"\\x{code:02x}" if code < 0xA0 else f"<U+{code:04X}>"


def sanitise(text: str) -> str:
    """The same text, safe to show: what could steer a terminal or deceive a reader made visible.

    Control characters but tabs become `^[` or `\\x9b`, direction marks, zero widths and the like
    `<U+202E>`; more than four combining marks on one letter are cut. Idempotent.
    """
    if text.isprintable() and (text.isascii() or not _MARK.search(text)):
        return text
    return _UNSAFE.sub(_make_visible, text)
