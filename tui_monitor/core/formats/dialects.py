"""What printing makes of the lines of home-made loops: tuples, calls and other ways to write numbers.

Owns how such lines look without that. `print("loss", x)` of Python 2 shows `('loss', 0.5)`; Julia shows
`loss(x, y) = 0.5f0`, Haskell `Tensor Float []  0.5`; many a loop counts right answers beside their
share, `Accuracy: 9834/10000 (98%)`, or says that a `loss is 0.5`, as MindSpore does. Source:
mindspore/train/callback/_loss_monitor.py.
"""

from __future__ import annotations

import re

from tui_monitor.core.formats.base import METRIC, NUMBER

_TUPLE = re.compile(r"\('")
_SPOKEN = re.compile(r"(?<=:)', ")
_JOINED = re.compile(r"(?<=[=\s\w])', (?!')")
_NEXT = re.compile(r"'?, '")
_KEY = re.compile(r"'([A-Za-z_][\w @/.-]{0,60})': ")
"""Of a dict, as Python prints it."""
_JULIA = re.compile(r"(\d\.\d{1,24})f(-?\d{1,3})(?!\w)")
_CALL = re.compile(r"\b([A-Za-z]\w{0,40})\([A-Za-z][^()=:]{0,60}[\[, ][^()=:]{0,60}\)(?= ?=)")
_IS = re.compile(rf"((?:{METRIC})\w{{0,20}}) is {{1,4}}(?=[+-]?(?:\d|nan\b|inf\b))", re.IGNORECASE)
_SHARE = re.compile(r"([:=]) {0,4}\d{1,12}/\d{1,12} ?\( {0,3}(\d{1,3}(?:\.\d{1,12})?) ?%\)")
_OF_ALL = re.compile(
    r"(?<![a-z])(val\w{0,7}|test\w{0,3}|eval\w{0,6})((?: set)?[ :]{1,3}(?:(?:average|avg\.?) )?loss"
    rf" ?[:=] {{0,4}}\d[\d.e-]{{0,24}}[,;|] {{0,4}})(?=acc\w{{0,6}} ?{_SHARE.pattern})",
    re.IGNORECASE,
)
"""`Test loss: 0.0523, Accuracy: 9834/10000 (98%)`: the count is of the data that the loss is of."""


_HASKELL = re.compile(r"\bTensor (?:Float|Double|Half) \[[\d,]{0,40}\] {1,8}")
_FLOWER = re.compile(
    rf"\bfit progress: \((\d{{1,9}}), ({NUMBER}), \{{([^{{}}]{{0,600}})\}}, {NUMBER}\)"
)
"""`fit progress: (3, 2.2825, {'accuracy': 0.1172}, 230.97)`: round, loss, metrics and seconds.

Flower, server/server.py: what the server's own evaluation of the round finds.
"""
_NUMBERED = re.compile(r"(?<=[A-Za-z])\[(\d{1,3})\](?=[A-Za-z]\w{0,40} ?[=:] )")
"""`EvalErr[0]PerSample = 0.2007`."""
_BREAK = re.compile(r"\s*<br ?/?>\s*$")


def plainly(text: str) -> str:
    """A line as most loops would have printed it; the line itself where it is such a one."""
    if "fit progress: (" in text:
        text = _FLOWER.sub(r"Val round \1: loss \2, \3", text).replace("'", "")
    if "]" in text:
        text = _NUMBERED.sub(r"_\1_", text)
    if "('" in text and "', " in text:
        text = _NEXT.sub(", ", _JOINED.sub(" ", _SPOKEN.sub(" ", _TUPLE.sub("", text))))
        text = text.rstrip("')")
    if "{'" in text and "': " in text:
        text = _KEY.sub(r"\1: ", text)
    if "(" in text:
        if " = " in text:
            text = _CALL.sub(r"\1", text)
        if "%)" in text:
            text = _OF_ALL.sub(r"\1\2\1 ", text)
            text = _SHARE.sub(r"\1 \2%", text)
    if "Tensor " in text:
        text = _HASKELL.sub("", text)
    if "<br" in text:
        text = _BREAK.sub("", text)
    if " is " in text:
        text = _IS.sub(r"\1: ", text)
    return _JULIA.sub(r"\1e\2", text) if "f" in text else text
