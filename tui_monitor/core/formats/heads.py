"""Heads of tables: which lines are such, and what they call their columns.

A head names an epoch or a step and a metric. MATLAB draws one on two lines, of which the second goes on
with the names of the first: `Mini-batch` above `Loss`. Source: the output of trainNetwork, R2016a to
R2023b, and of trainnet since.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tui_monitor.core.formats.base import METRIC, TRAINED
from tui_monitor.core.formats.fields import PHASE, called
from tui_monitor.core.records import Columns

ROW: Final = "table"
"""`3,0.25,,2.2570`, below `epoch,acc,lr,loss`."""
BEGINS: Final = "table-head-begins"
"""`|  Epoch  |  Iteration  |  Mini-batch  |`: a head whose names go on below."""
GOES_ON: Final = "table-head-goes-on"
"""`|         |             |     Loss     |`."""
TRAINER: Final = "training loss"
"""What the first number of a row of Hugging Face's Trainer is called until its law is told."""
OF_BATCH: Final = "mini-batch "
"""What names begin with that are of the newest batch alone, until their law is told."""
EPOCHS: Final = frozenset({"epoch", "epochs"})
STEPS: Final = frozenset(
    {"#", "step", "steps", "global_step", "iteration", "iterations", "iter", "batch"}
    | {"time/total_timesteps"}  # stable_baselines3/common/logger.py, CSVOutputFormat
    | {"timestep", "timesteps", "total_timesteps", "num_timesteps", "episode"}
)

_NAME = re.compile(r"[A-Za-z_][\w /@().:%-]{0,60}|#")
_METRIC = re.compile(rf"{METRIC}|deviance", re.IGNORECASE)
_TELLS = re.compile(
    rf"{TRAINED}|deviance|(?<![a-z])(?:train|val|valid|eval|test)[ _/.-]", re.IGNORECASE
)
_OF_TRAINING = re.compile(r"epoch|iter|timestep|episode", re.IGNORECASE)
"""In the name of a column of places that hardly any table but a training's has."""
_TRAINERS = ("Training Loss", "Validation Loss")
"""How the heads of Hugging Face's Trainer go on."""
_CAMEL = re.compile(r"^(Train(?:ing)?|Val(?:id(?:ation)?)?|Test)(?=[A-Z])")
_SUFFIXED = re.compile(r"_(?:trn|train|val|valid|validation|test)$", re.IGNORECASE)
_TRN = re.compile(r"_trn$")
_RATE = re.compile(r"(?:base |initial )?learn(?:ing)?[ _]?rate", re.IGNORECASE)
_OF_BATCH = re.compile(r"mini-?batch ", re.IGNORECASE)


def is_name(cell: str) -> bool:
    """Whether a cell may name a column."""
    return _NAME.fullmatch(cell) is not None


def head(row: Sequence[str]) -> tuple[str, ...]:
    """What the cells of a head call their columns; none where it is no head of a training's table."""
    if not all(map(is_name, row)) or not _METRIC.search(" ".join(row)):
        return ()
    names = _trainers(row) or tuple(map(_named, row))
    places = [name for name in names if name.lower() in EPOCHS | STEPS]
    trains = any(map(_OF_TRAINING.search, places)) or any(
        _TELLS.search(name) for name in names if name not in places
    )
    return names if places and trains else ()


def part(row: Sequence[str]) -> Columns | None:
    """One of the two lines of a drawn head; None where it is none."""
    words = [cell for cell in row if cell and cell[0] != "("]
    if not words or not all(map(is_name, words)):
        return None
    if len(words) < len(row):
        goes_on = not row[0] and _METRIC.search(" ".join(words))
        return Columns(tuple(row), GOES_ON, begins_fit=False) if goes_on else None
    lowered = {cell.lower() for cell in row}
    return Columns(tuple(row), BEGINS) if lowered & EPOCHS and lowered & STEPS else None


def joined(begins: Columns, goes_on: Columns) -> Columns | None:
    """The head of both lines; None where they are none of a table."""
    if len(begins.names) != len(goes_on.names):
        return None
    both = zip(begins.names, goes_on.names, strict=True)
    names = head([re.sub(r"\W*\([^()]*\)", "", f"{one} {more}").strip() for one, more in both])
    return Columns(names, ROW) if names else None


def _named(name: str) -> str:
    """A column's name as other formats have it."""
    data, slash, rest = name.partition("/")
    if slash and data in ("train", "val"):
        return f"{data}_{rest}"
    if slash and data in ("metrics", "validation"):
        return f"val_{rest}"
    name = _CAMEL.sub(r"\1 ", name)
    if match := _OF_BATCH.match(name):
        return OF_BATCH + called(name[match.end() :])[0]
    if _RATE.fullmatch(name):
        return "learning_rate"
    if _SUFFIXED.search(name):
        return called(_TRN.sub("_train", name))[0]
    return called(name)[0] if " " in name and PHASE.match(name) else name


def _trainers(row: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns of Hugging Face's Trainer; none where it is another table."""
    if tuple(row[1:3]) != _TRAINERS:
        return ()
    return (row[0], TRAINER, *(called(f"val {name}")[0] for name in ("loss", *row[3:])))
