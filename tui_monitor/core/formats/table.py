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

from tui_monitor.core.formats import aligned
from tui_monitor.core.formats.base import CLOCK, COLUMN, METRIC, printed, self_placed
from tui_monitor.core.formats.heads import (
    EPOCHS,
    OF_BATCH,
    STEPS,
    TRAINER,
    head,
    is_name,
    part,
)
from tui_monitor.core.formats.heads import ROW as ROW
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Columns, Item, Progress, Reading, Span

PLACE: Final = "table-place"
"""`Running evaluation for step: 1500, epoch: 23`: of the tables below."""
OF_DATA: Final = "table-of-data"
"""`| train | 0.4790 | 0.7812 |` below `| label | loss | accuracy |`, or `| loss | 0.4790 | 0.4314 |`
below `| label | train | validation |`, as Ludwig shows an epoch or an evaluation.
"""

_MOST = 4000
"""Characters of a line that is looked at."""
_MOST_CELLS = 250
_ROW_BEGINS = re.compile(
    r'\s{0,60}\|?\s{0,60}(?:"?[+-]?\d[\d.eE+-]{0,40}"?|nan|NA|)(?:[,;\t|]|\s{1,60}[,;\t|\d.+-])'
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,24}(?:\.\d{0,24})?(?:[eE][+-]?\d{1,3})?|(?i:nan|inf))")
_CELL = re.compile(rf"{_NUMBER.pattern}|{CLOCK}|NA|None|No log|")
_BETWEEN = re.compile(r"[,;\t]")
_DRAWN = re.compile(r"[|\u2502]")
_EMPHASIS = "*_` "
_COMMENTS: Final = ("#", "%", "/")
_COMMENT = re.compile(r"\s{0,40}(?:#{1,2}>?|%|//)(?= )")
"""What a program's output is marked with where a document shows it."""
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
_METRIC = re.compile(METRIC, re.IGNORECASE)
_CLUTTER = re.compile(
    r"time|date|^dur$|second|elapsed|memory|gpu|samples|seed|wall|version|^passes$|^step_?size$",
    re.I,
)
_SPACY = ("E", "#")
"""How its heads begin."""
_LIGHTNING = re.compile(r"_(?:step|epoch)\Z")


class TableFormat:
    """A table of a CSV logger. See `Format`."""

    name: Final = "csv"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The head of a table, or one of its rows, whose columns only the head can name."""
        if len(text) > _MOST or not (_ROW_BEGINS.match(text) or _may_be_head(text.lower())):
            return ()
        text = _uncommented(text)
        drawn = _is_drawn(text)
        if not drawn and (place := _place(text)) is not None:
            return (place,)
        row = _divided(text)
        if len(row) < 2:
            return ()
        if drawn and (item := part(row) or _of_data(row)) is not None:
            return (item,)
        numbers = [_number(cell) if drawn else cell for cell in row]
        if all(map(_CELL.fullmatch, numbers)) and (numbers[0] or not drawn):
            at = stands(text)
            readings = tuple(
                Reading(_column(nth, at), *printed(cell))
                for nth, cell in enumerate(numbers)
                if _NUMBER.fullmatch(cell)
            )
            return (self_placed(ROW, None, None, readings, unit="epoch"),) if readings else ()
        at = stands(text)
        if at and any(cell.count(" ") > 1 for cell in row):
            return ()  # prose
        names = head(row)
        return (Columns(names, ROW, spans=at),) if names else ()


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
    return _divided(_uncommented(text))


def _divided(text: str) -> list[str]:
    """The same of a line without the mark of a comment."""
    if _is_drawn(text):
        inner = _DRAWN.sub("|", text.strip()).strip("|")
        row = [cell.strip(_EMPHASIS) for cell in inner.split("|", _MOST_CELLS)]
    elif _BETWEEN.search(text):
        row = [cell.strip().strip('"') for cell in _BETWEEN.split(text, _MOST_CELLS)]
    else:
        row = [text[begin:end] for begin, end in stands(text)]
    return row if len(row) <= _MOST_CELLS else []


def stands(text: str) -> tuple[Span, ...]:
    """Where the cells of a row or of a head stand; none where other signs than blanks divide them."""
    if _is_drawn(text) or _BETWEEN.search(text):
        return ()
    return tuple(at for at in aligned.spans(text) if text[at[0] : at[1]] not in _MARKS)


def _uncommented(text: str) -> str:
    """A line with blanks for the mark of a comment, where a row or a head is behind it."""
    match = _COMMENT.match(text) if text.lstrip()[:1] in _COMMENTS else None
    if match is None:
        return text
    blanked = " " * match.end() + text[match.end() :]
    row = _divided(blanked)
    is_row = _is_drawn(blanked) or all(map(_CELL.fullmatch, row))
    return blanked if is_row or any(cell.lower() in EPOCHS | STEPS for cell in row) else text


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
    named = all(map(is_name, others)) and not any(cell.lower() in EPOCHS | STEPS for cell in row)
    if named and (
        all(cell.lower() in _DATA for cell in others) or _METRIC.search(" ".join(others))
    ):
        return Columns(tuple(row), OF_DATA, begins_fit=False)
    if not others or not all(map(_CELL.fullmatch, others)) or not is_name(first):
        return None
    readings = tuple(
        Reading(f"{COLUMN}{column}", *printed(cell))
        for column, cell in enumerate(others, start=1)
        if _NUMBER.fullmatch(cell)
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


def of_table(row: Progress, names: Sequence[str], spans: Sequence[Span] = ()) -> Progress:
    """A row by the names of its columns and where they stand; one of another table shows nothing."""
    shown = _below(row, names, spans)
    if not shown:
        return row._replace(readings=())
    epoch = step = None
    readings: list[Reading] = []
    for column, cell in shown.items():
        name = names[column]
        if name.lower() in EPOCHS:
            epoch = _whole(cell.displayed)
        elif name.lower() in STEPS:
            step = _whole(cell.displayed)
        elif not _CLUTTER.search(name):
            law = "instantaneous" if name.startswith(OF_BATCH) else ""
            readings.append(cell._replace(metric=name.removeprefix(OF_BATCH), law=law))
    if names[:2] == _SPACY:
        return _of_spacy(row, readings, step)
    if TRAINER in names:
        return _of_trainer(row, readings, epoch, step)
    beside_step = step is not None
    told = tuple(
        each if each.law else each._replace(law=_law(each.metric, steps=beside_step))
        for each in readings
    )
    if step is None:
        return row._replace(readings=told, epoch=epoch, final=True)
    if any(_LIGHTNING.search(name) and name.lower() not in STEPS for name in names):
        step, row = step + 1, row._replace(from_zero=True)  # it may begin with the fiftieth
    if epoch is not None and all(each.law == "epoch" for each in told):
        validates = all(describe(each.metric).split == "val" for each in told)
        step = step if validates else None
        return row._replace(readings=told, epoch=epoch, step=step, final=False)
    return row._replace(readings=told, epoch=epoch, step=step, unit="batch")


def _column(nth: int, at: Sequence[Span]) -> str:
    """What a cell is called by its number, and by where it stands if blanks align it."""
    return f"{COLUMN}{nth}@{at[nth][0]}-{at[nth][1]}" if at else f"{COLUMN}{nth}"


def _below(row: Progress, names: Sequence[str], spans: Sequence[Span]) -> dict[int, Reading]:
    """The cells of a row by the number of their column; none where it is not of a table's names.

    Blanks may align fewer cells than there are names, of which each stands below its own.
    """
    shown: dict[int, Reading] = {}
    at: list[Span] = []
    for each in row.readings:
        nth, _, where = each.metric.removeprefix(COLUMN).partition("@")
        shown[int(nth)] = each
        if where:
            begin, _, end = where.partition("-")
            at.append((int(begin), int(end)))
    if shown and max(shown) >= len(names):
        return {}
    if not at or not spans:
        return shown
    below = aligned.below(at, spans)
    if below is None:
        return shown if max(shown) + 1 == len(names) else {}
    return dict(zip(below, shown.values(), strict=True))


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
        if each.metric == TRAINER
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
