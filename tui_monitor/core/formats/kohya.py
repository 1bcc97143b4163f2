"""What kohya's sd-scripts average: one bar of tqdm for all epochs, announced by lines in between.

    epoch 2/10
    steps:  12%|█▏        | 192/1600 [01:09<08:31,  2.75it/s, avr_loss=0.101]

`avr_loss` is the mean over as many steps as an epoch has, the newest ones: in the first epoch over all
of them. Source: library/train_util.py, LossRecorder; train_network.py.
"""

from __future__ import annotations

from typing import Final

from tui_monitor.core.formats import tqdm
from tui_monitor.core.records import Progress

NAME: Final = "avr_loss"
_BAR = "steps"


def averages(item: Progress) -> bool:
    """Whether a line is of such a bar, with its number."""
    return (
        item.style == tqdm.BAR
        and item.bar == _BAR
        and item.of_run
        and any(each.metric == NAME for each in item.readings)
    )


def smoothed_over(item: Progress, steps: int | None) -> Progress:
    """A line of it by the steps of an epoch; None where the first one is not over."""
    law = f"sliding-{steps or item.steps or 1}"
    return item._replace(
        readings=tuple(
            each._replace(law=law) if each.metric == NAME else each for each in item.readings
        )
    )
