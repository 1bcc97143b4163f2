"""Tables with a head of names and a row a print: what CSV loggers, skorch, spaCy and notebooks write.

Keras' CSVLogger, skorch and Ultralytics' results.csv write a row an epoch, Lightning's CSVLogger one of
each time that anything is logged, with empty cells for what is not. A table is read where its head
names an epoch or a step and a metric. A number's law is its name's: beside a step, `_step` is the
newest batch and `_epoch` a whole epoch, and what is neither is open. spaCy's losses are sums over the
batches since the row before; its steps count from 0, and the first row is one batch. Ludwig draws a
table for each part of a model, of which rows or columns are data, below a line that places it. Sources:
keras/callbacks.py, CSVLogger; lightning/fabric/loggers/csv_logs.py 2.6; ultralytics/engine/trainer.py,
save_metrics; skorch/callbacks/logging.py 1.4, PrintLog; spacy/training/loggers.py 3.8, console_logger;
transformers/utils/notebook.py, NotebookProgressCallback; ludwig/utils/print_utils.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tui_monitor.core.formats.base import COLUMN, METRIC, TRAINED, printed, self_placed
from tui_monitor.core.formats.fields import PHASE, called
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Columns, Item, Progress, Reading

ROW: Final = "table"
"""`3,0.25,,2.2570`, below `epoch,acc,lr,loss`."""
PLACE: Final = "table-place"
"""`Running evaluation for step: 1500, epoch: 23`: of the tables below."""
OF_DATA: Final = "table-of-data"
"""`| train | 0.4790 | 0.7812 |` below `| label | loss | accuracy |`, or `| loss | 0.4790 | 0.4314 |`
below `| label | train | validation |`, as Ludwig shows an epoch or an evaluation.
"""

_MOST = 4000
"""Characters of a line that is looked at."""
_MOST_CELLS = 250
_NAME = re.compile(r"[A-Za-z_][\w /@().:%-]{0,60}|#")
_ROW_BEGINS = re.compile(
    r'\s{0,60}\|?\s{0,60}(?:"?[+-]?\d[\d.eE+-]{0,40}"?|nan|NA|)(?:[,;\t|]|\s{1,60}[,;\t|\d.+-])'
)
_CELL = re.compile(
    r"[+-]?(?:\d{1,24}(?:\.\d{0,24})?(?:[eE][+-]?\d{1,3})?|(?i:nan|inf))|NA|None|No log|"
)
_MISSING = ("", "NA", "None", "No log")
_BETWEEN = re.compile(r"[,;\t]")
_DRAWN = re.compile(r"[|\u2502]")
_EMPHASIS = "*_` "
_BLANKS = re.compile(r" {2,40}")
_MARKS = ("cp", "+")
"""A column of skorch that shows where a checkpoint was written."""

_EVALUATES = re.compile(
    r"(?:Running )?evaluation (?:for|at) step:? {0,2}(\d{1,9})(?:, {0,2}epoch:? {0,2}(\d{1,9}))?$",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"Epoch:? {1,4}(\d{1,9})$", re.IGNORECASE)
_DATA: Final = {
    **dict.fromkeys(("train", "training"), ""),
    **dict.fromkeys(("vali", "val", "valid", "validation"), "val_"),
    **dict.fromkeys(("test",), "test-"),
}
"""What names of metrics begin with, by a table's words for data."""
_WHOLE = ("combined", "metric", "metrics", "")
"""Heads of a first column that name no part of a model."""
_EPOCHS = frozenset({"epoch", "epochs"})
_STEPS = frozenset(
    {"#", "step", "steps", "global_step", "iteration", "iterations", "iter", "batch"}
    | {"time/total_timesteps"}  # stable_baselines3/common/logger.py, CSVOutputFormat
)
_METRIC = re.compile(METRIC, re.IGNORECASE)
_TELLS = re.compile(rf"{TRAINED}|(?<![a-z])(?:train|val|valid|eval|test)[ _/.-]", re.IGNORECASE)
_OF_TRAINING = re.compile(r"epoch|iter", re.IGNORECASE)
"""In the name of a column of places that hardly any table but a training's has."""
_CLUTTER = re.compile(r"time|date|^dur$|second|elapsed|memory|gpu|samples|seed|wall|version", re.I)
_SPACY = ("E", "#")
"""How its heads begin."""
_LIGHTNING = re.compile(r"_(?:step|epoch)\Z")
_TRAINER = ("Training Loss", "Validation Loss")
"""How the heads of Hugging Face go on."""
_TRAINED = "training loss"
"""What its first number is called until its law is told."""


class TableFormat:
    """A table of a CSV logger. See `Format`."""

    name: Final = "csv"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The head of a table, or one of its rows, whose columns only the head can name."""
        if len(text) > _MOST or not (_ROW_BEGINS.match(text) or _may_be_head(text.lower())):
            return ()
        drawn = _is_drawn(text)
        if not drawn and (place := _place(text)) is not None:
            return (place,)
        row = cells(text)
        if len(row) < 2:
            return ()
        if drawn and (item := _of_data(row)) is not None:
            return (item,)
        numbers = [_number(cell) if drawn else cell for cell in row]
        if all(map(_CELL.fullmatch, numbers)) and (numbers[0] or not drawn):
            readings = tuple(
                Reading(f"{COLUMN}{column}", *printed(cell))
                for column, cell in enumerate(numbers)
                if cell not in _MISSING
            )
            return (self_placed(ROW, None, None, readings, unit="epoch"),) if readings else ()
        if not all(map(_NAME.fullmatch, row)) or not _METRIC.search(text):
            return ()
        if not (drawn or _BETWEEN.search(text)) and any(cell.count(" ") > 1 for cell in row):
            return ()  # prose
        names = _trainers(row) or tuple(map(_named, row))
        places = [name for name in names if name.lower() in _EPOCHS | _STEPS]
        trains = any(map(_OF_TRAINING.search, places)) or any(
            _TELLS.search(name) for name in names if name not in places
        )
        return (Columns(names, ROW),) if places and trains else ()


def _may_be_head(text: str) -> bool:
    """Whether a line names an epoch or a step, or is drawn, in small letters."""
    if _is_drawn(text):
        return True
    return "epoch" in text or "step" in text or "iter" in text or "batch" in text or "#" in text


def _is_drawn(text: str) -> bool:
    """Whether a line is drawn with bars between its cells."""
    return "|" in text or "\u2502" in text


def _number(cell: str) -> str:
    """A cell of a drawn table as a number; nothing where it holds anything else."""
    plain = cell.removesuffix("%").strip("[] ")
    return plain if _CELL.fullmatch(plain) else ""


def cells(text: str) -> list[str]:
    """The cells of a row or of a head; none where there are too many."""
    if _is_drawn(text):
        inner = _DRAWN.sub("|", text.strip()).strip("|")
        row = [cell.strip(_EMPHASIS) for cell in inner.split("|", _MOST_CELLS)]
    elif _BETWEEN.search(text):
        row = [cell.strip().strip('"') for cell in _BETWEEN.split(text, _MOST_CELLS)]
    else:
        row = [cell for cell in _BLANKS.split(text.strip(), _MOST_CELLS) if cell not in _MARKS]
    return row if len(row) <= _MOST_CELLS else []


def _named(name: str) -> str:
    """A column's name as other formats have it."""
    data, slash, rest = name.partition("/")
    if slash and data in ("train", "val"):
        return f"{data}_{rest}"
    if slash and data in ("metrics", "validation"):
        return f"val_{rest}"
    return called(name)[0] if " " in name and PHASE.match(name) else name


def _trainers(row: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns of Hugging Face's Trainer; none where it is another table."""
    if tuple(row[1:3]) != _TRAINER:
        return ()
    return (row[0], _TRAINED, *(called(f"val {name}")[0] for name in ("loss", *row[3:])))


def _place(text: str) -> Progress | None:
    """The epoch or the step that tables below are of."""
    if match := _EVALUATES.match(text):
        epoch = int(match[2]) if match[2] else None
        return self_placed(PLACE, int(match[1]), None, (), epoch=epoch)
    if match := _EPOCH.match(text):
        return self_placed(PLACE, None, None, (), epoch=int(match[1]))
    return None


def _of_data(row: Sequence[str]) -> Item | None:
    """The head of a table of which rows or columns are data, or a row of it."""
    first, *others = row
    named = all(map(_NAME.fullmatch, others)) and not any(
        cell.lower() in _EPOCHS | _STEPS for cell in row
    )
    if named and (
        all(cell.lower() in _DATA for cell in others) or _METRIC.search(" ".join(others))
    ):
        return Columns(tuple(row), OF_DATA, begins_fit=False)
    if not others or not all(map(_CELL.fullmatch, others)) or not _NAME.fullmatch(first):
        return None
    readings = tuple(
        Reading(f"{COLUMN}{column}", *printed(cell))
        for column, cell in enumerate(others, start=1)
        if cell not in _MISSING
    )
    return self_placed(OF_DATA, None, None, readings, unit="epoch", final=True)._replace(bar=first)


def of_data(row: Progress, names: Sequence[str], place: Progress | None) -> Progress:
    """A row of such a table by its head and the line that places it; nothing without these."""
    shown = {int(each.metric.removeprefix(COLUMN)): each for each in row.readings}
    if place is None or not shown or max(shown) >= len(names):
        return row._replace(readings=())
    of, name = _DATA.get(row.bar.lower()), names[0].lower()
    told = []
    for column, cell in shown.items():
        data, metric = (
            (of, names[column]) if of is not None else (_DATA.get(names[column].lower()), row.bar)
        )
        if data is None:
            continue
        metric = metric if name in _WHOLE else f"{names[0]}_{metric}"
        told.append(cell._replace(metric=data + metric, law="epoch"))
    return row._replace(
        readings=tuple(told),
        epoch=place.epoch,
        step=place.step,
        unit="epoch" if place.step is None else "batch",
        final=place.step is None,
    )


def of_table(row: Progress, names: Sequence[str]) -> Progress:
    """A row by the names of its columns; one of another table shows nothing."""
    shown = {int(each.metric.removeprefix(COLUMN)): each for each in row.readings}
    if not shown or max(shown) >= len(names):
        return row._replace(readings=())
    epoch = step = None
    readings: list[Reading] = []
    for column, cell in shown.items():
        name = names[column]
        if name.lower() in _EPOCHS:
            epoch = _whole(cell.displayed)
        elif name.lower() in _STEPS:
            step = _whole(cell.displayed)
        elif not _CLUTTER.search(name):
            readings.append(cell._replace(metric=name))
    if names[:2] == _SPACY:
        return _of_spacy(row, readings, step)
    if _TRAINED in names:
        return _of_trainer(row, readings, epoch, step)
    beside_step = step is not None
    told = tuple(each._replace(law=_law(each.metric, steps=beside_step)) for each in readings)
    if step is None:
        return row._replace(readings=told, epoch=epoch, final=True)
    if any(_LIGHTNING.search(name) and name.lower() not in _STEPS for name in names):
        step, row = step + 1, row._replace(from_zero=True)  # it may begin with the fiftieth
    if epoch is not None and all(each.law == "epoch" for each in told):
        validates = all(describe(each.metric).split == "val" for each in told)
        step = step if validates else None
        return row._replace(readings=told, epoch=epoch, step=step, final=False)
    return row._replace(readings=told, epoch=epoch, step=step, unit="batch")


def _of_spacy(row: Progress, readings: Sequence[Reading], step: int | None) -> Progress:
    """A row of spaCy: rows are epochs apart, so that steps alone say where it stands."""
    told = tuple(
        each._replace(law="interval-sum")
        if each.metric.startswith("LOSS")
        else each._replace(metric=f"val_{each.metric}", law="epoch")
        for each in readings
        if each.metric != _SPACY[0]
    )
    return row._replace(readings=told, step=step, unit="batch")


def _of_trainer(
    row: Progress, readings: Sequence[Reading], epoch: int | None, step: int | None
) -> Progress:
    """A row of Hugging Face's Trainer: a step or an epoch, the mean loss since the row before."""
    told = tuple(
        each._replace(metric="train_loss", law="epoch" if step is None else "interval")
        if each.metric == _TRAINED
        else each._replace(law="epoch")
        for each in readings
    )
    if step is None:
        return row._replace(readings=told, epoch=epoch, final=True)
    return row._replace(readings=told, step=step, unit="batch")


def _whole(value: float) -> int | None:
    return int(value) if 0.0 <= value < 1e12 else None


def _law(name: str, *, steps: bool) -> str:
    split = describe(name).split
    if split == "other" or name.endswith("_step"):
        return "instantaneous"
    return "open" if steps and split == "train" and not name.endswith("_epoch") else "epoch"
