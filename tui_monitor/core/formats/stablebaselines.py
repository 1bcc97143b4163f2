"""Logs of Stable-Baselines3: a box of numbers a rollout.

    ---------------------------------
    | rollout/           |          |
    |    ep_rew_mean     | 21.3     |
    | time/              |          |
    |    total_timesteps | 4096     |
    | train/             |          |
    |    value_loss      | 8.51     |
    ---------------------------------

What stands above the timesteps is of that step as well. Rewards are means over the newest 100
episodes at most, and losses over an update: of which steps nobody tells, so that all is shown as
printed, but for evaluations. Stable-Baselines 2, OpenAI's baselines and Spinning Up print boxes
without sections. Sources: stable_baselines3/common/logger.py, HumanOutputFormat; spinup/utils/logx.py.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Reading

RULE: Final = "stable-baselines-rule"
"""`---------------------------------`: a box begins or ends."""
SECTION: Final = "stable-baselines-section"
"""`| rollout/           |          |`, which is what `Progress.bar` says."""
ROW: Final = "stable-baselines-row"
"""`|    ep_rew_mean     | 21.3     |`: proves nothing, as other programs draw tables as well."""
TIMESTEPS: Final = "stable-baselines"
"""`|    total_timesteps | 4096     |`."""

_RULE = re.compile(r"-{10,90}$")
_CELLS = re.compile(rf"\| ( {{0,40}}[A-Za-z][\w /.-]{{0,60}}?) +\| {{1,24}}(?:({NUMBER}) *)?\|$")
_TIMESTEPS = frozenset(
    {"total_timesteps", "total timesteps", "misc/total_timesteps"}
    | {"TimestepsSoFar", "TotalEnvInteracts"}
)
_CLUTTER = re.compile(
    r"(?:misc/)?(?:fps|iterations?|time_elapsed|episodes|n_updates|nupdates|serial_timesteps"
    r"|total_updates)$|(?:Epoch|Time|TimeElapsed|EpisodesSoFar|EpThisIter)$"
)
_EVALUATION: Final = "eval/"


class StableBaselinesFormat:
    """Stable-Baselines3. See `Format`."""

    name: Final = "stable-baselines"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A row of a box, or where it begins or ends."""
        text = text.rstrip()
        if text.startswith("---"):
            return (self_placed(RULE, None, None, ()),) if _RULE.match(text) else ()
        if not text.startswith("| ") or (match := _CELLS.match(text)) is None:
            return ()
        name, value = match[1].strip(), match[2]
        if value is None:
            item = self_placed(SECTION, None, None, ())
            return (item._replace(bar=name),) if name.endswith("/") else ()
        reading = Reading(name, *printed(value), "unknown")
        if name in _TIMESTEPS:
            if not isfinite(reading.displayed):
                return ()
            step = int(reading.displayed)
            return (self_placed(TIMESTEPS, step, None, [reading]),)
        if _CLUTTER.match(name):
            return ()
        return (self_placed(ROW, None, None, [reading]),)


def of_section(reading: Reading, section: str) -> Reading:
    """A row's number by the section it stands in."""
    if describe(reading.metric).split == "other":
        return reading._replace(law="instantaneous")
    if section == _EVALUATION:
        return reading._replace(metric=f"val_{reading.metric}", law="epoch")
    return reading._replace(metric=section + reading.metric)
