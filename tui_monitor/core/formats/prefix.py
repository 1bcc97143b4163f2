"""What journals, containers, launchers and loggers put before each line of a log.

Owns where such a prefix ends. A grammar whose lines begin plainly, as with `3s - loss: 0.6931`, may
look for them behind a known prefix, and not behind any text. All repeats are bounded.
"""

from __future__ import annotations

import re

_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_LEVEL = r"(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL)"
_LABEL = (
    rf"(?:(?:\d{{4}}-\d\d-\d\d[T ]|\d{{4}}/\d\d/\d\d |[A-Z][a-z]{{2}} [ \d]\d )?{_CLOCK}"
    rf"|[IWEF]\d{{4}} {_CLOCK} {{1,8}}\d{{1,10}} [\w.]{{1,64}}:\d{{1,6}}\]"  # absl, klog
    r"|\[(?![^\[\]]{0,60}(?:[A-Za-z](?:: |=)[\d.]|(?i:epoch|step|iter|batch)\b)|#\d)[^\[\]]{1,100}\]"
    r"(?:(?:<std(?:out|err)>)?:)?"  # kubectl --prefix, torchrun, mpirun
    r"|[\u250c\[] (?:Info|Debug|Warning):"  # Julia
    r"|[a-z]{2,20}(?:_[a-z]{2,20}){1,4}:(?= {1,4}(?:epoch|step|iter)\b)"  # llama.cpp: a function
    r"|Rank-\d{1,4}:"  # Lightning Fabric's examples
    r"|\(\w{1,64} pid=\d{1,10}[^()]{0,60}\)|\(\d{1,4}/\d{1,4}\)(?= )"  # Ray, ranks of icefall
    rf"|{_LEVEL}(?: \w{{1,30}})?(?= \d{{4}}-\d\d-\d\d)|[\w.]{{1,64}}\.py: {{0,4}}\d{{1,6}}:"  # VISSL
    rf"|{_LEVEL}:(?:[\w.]{{1,64}}:)?|\d{{1,4}}:|[\w./-]{{1,64}} {{0,40}}\|"  # logging, srun, compose
    r"|\w{1,30}(?:\.\w{1,60}){1,8} -(?= )"  # logback
    r"|\d{1,7}\.\ds[ \t]{1,8}(?:\d{1,7}[ \t]{1,8})?)"  # Kaggle
)
_LABELS = (
    rf"(?:[=>*#-]{{1,4}} {{1,4}})?{_LABEL}(?:[ \t]{{0,8}}(?:{_LABEL}|{_LEVEL}:?|std(?:out|err) [FP]"
    r"|(?:[\w.-]{1,64} )?[\w./@-]{1,64}\[[\w.]{1,32}\]:"  # host and process of a journal
    r"|[|-]|[\w.:<>-]{1,80}(?=[ \t]{1,8}[|-][ \t]))){0,6}[ \t]{0,8}"
)
_PREFIX = re.compile(rf"{_LABELS}(?=(?:- )?\d{{1,9}}[a-z])")
_BEFORE_WORDS = re.compile(rf"{_LABELS}(?=[\[(<{{#*=-]{{0,4}} ?'?[A-Za-z\d])")
_LEVELLED = re.compile(
    rf"[^\n]{{0,100}}?(?<!\w){_LEVEL}\b\]?[ \t:|>-]{{1,12}}(?=[\[(<#*=-]{{0,4}} ?[A-Za-z\d])"
)
"""Whatever a program's logging writes before each message, up to its level in capitals."""
_NAMED = re.compile(rf"{_LEVELLED.pattern} {{0,8}}[\w.]{{1,64}}(?:: {{1,4}}| - )(?=[A-Za-z\[])")
"""The same, up to the logger's name behind the level."""


def prefix_end(text: str) -> int:
    """Where a known prefix ends before a line that begins with a number and its unit, else 0."""
    match = _PREFIX.match(text)
    return match.end() if match else 0


def label_ends(text: str) -> list[int]:
    """Where known prefixes may end before a line that begins with a word or a bracket."""
    matches = (pattern.match(text) for pattern in (_BEFORE_WORDS, _LEVELLED, _NAMED))
    return [match.end() for match in matches if match]
