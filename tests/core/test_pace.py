"""Speed and time left, from arrivals where they tell it, else from what the log says."""

from __future__ import annotations

import pytest

from tui_monitor.core.pace import UNHEARD, PaceMeter
from tui_monitor.core.records import Print, Reading
from tui_monitor.core.snapshot import Pace


def bar(
    step: int | None,
    *,
    epoch: int = 1,
    epochs: int | None = 4,
    steps: int | None = 100,
    final: bool = False,
    eta: float | None = None,
    elapsed: float | None = None,
    per_step: float | None = None,
) -> Print:
    return Print(
        run=1,
        epoch=epoch,
        label=str(epoch),
        epochs=epochs,
        style="keras-bar",
        step=step,
        steps=steps,
        unit="batch",
        readings=(Reading("loss", 1.0, 1e-4),),
        final=final,
        line=1,
        offset=0,
        eta=eta,
        elapsed=elapsed,
        per_step=per_step,
    )


def told(*arrivals: tuple[Print, float]) -> Pace:
    meter = PaceMeter()
    for p, now in arrivals:
        meter.add(p, now)
    return meter.pace()


def test_nothing_heard() -> None:
    assert PaceMeter().pace() == UNHEARD == Pace(None, None, None)


def test_arrivals_tell_the_speed() -> None:
    pace = told(*((bar(10 * i), 2.0 * i) for i in range(1, 6)))
    assert pace.steps_per_second == pytest.approx(5.0)
    assert pace.eta_epoch == pytest.approx(10.0)
    # three epochs of 20 s are left
    assert pace.eta_run == pytest.approx(10.0 + 60.0)


def test_epochs_before_a_resumed_run_are_not_to_come() -> None:
    pace = told(*((bar(10 * i)._replace(label="3"), 2.0 * i) for i in range(1, 6)))
    assert pace.eta_run == pytest.approx(10.0 + 20.0)


def test_the_speed_follows_the_last_minute() -> None:
    slow = [(bar(i), 10.0 * i) for i in range(1, 20)]
    fast = [(bar(20 + i, steps=1000), 190.0 + i) for i in range(1, 62)]
    assert told(*slow, *fast).steps_per_second == pytest.approx(1.0)


def test_a_saved_log_arrives_at_once_and_tells_its_own_pace() -> None:
    arrivals = [(bar(10 * i, per_step=0.05), 0.001 * i) for i in range(1, 6)]
    pace = told(*arrivals)
    assert pace.steps_per_second == pytest.approx(20.0)
    assert pace.eta_epoch == pytest.approx(2.5)


def test_time_left_as_printed_is_taken() -> None:
    pace = told((bar(20, eta=40.0), 0.0))
    assert pace.eta_epoch == 40.0
    assert pace.steps_per_second == pytest.approx(2.0)
    assert pace.eta_run == pytest.approx(40.0 + 3 * 50.0)


def test_an_epoch_that_ended_took_what_it_says() -> None:
    pace = told((bar(100, final=True, elapsed=25.0), 0.0))
    assert pace.eta_epoch == 0.0
    assert pace.steps_per_second == pytest.approx(4.0)
    assert pace.eta_run == pytest.approx(75.0)


def test_the_last_epoch_leaves_no_other() -> None:
    pace = told((bar(50, epoch=4, eta=7.0), 0.0))
    assert pace.eta_run == pytest.approx(7.0)
    done = told((bar(100, epoch=4, final=True, elapsed=9.0), 0.0))
    assert (done.eta_epoch, done.eta_run) == (0.0, 0.0)


def test_an_unknown_plan_has_no_end() -> None:
    pace = told((bar(50, epochs=None, eta=7.0), 0.0))
    assert pace.eta_epoch == 7.0
    assert pace.eta_run is None


def test_a_new_epoch_starts_its_own_speed() -> None:
    first = [(bar(10 * i), 1.0 * i) for i in range(1, 11)]
    pause = [(bar(1, epoch=2, per_step=0.2), 500.0)]
    pace = told(*first, *pause)
    assert pace.steps_per_second == pytest.approx(5.0)


def test_a_step_that_does_not_move_is_no_speed() -> None:
    assert told(*((bar(10), float(i)) for i in range(5))).steps_per_second is None


def test_lines_without_steps_tell_the_run_alone() -> None:
    pace = told((bar(None, steps=None, final=True, elapsed=3.0), 0.0))
    assert pace.steps_per_second is None
    assert pace.eta_run == pytest.approx(9.0)


def test_no_time_is_negative() -> None:
    arrivals = [(bar(90 + 10 * i, steps=100), 5.0 * i) for i in range(4)]
    pace = told(*arrivals)
    assert pace.eta_epoch == 0.0


def test_where_steps_go_on_over_epochs_a_total_is_that_of_the_run() -> None:
    meter = PaceMeter()
    meter.add(bar(150, epoch=2, steps=400, per_step=0.5)._replace(before=100), 0.0)
    assert meter.pace() == Pace(2.0, None, 125.0)
    meter.add(bar(160, epoch=2, steps=400, eta=60.0)._replace(before=None), 1.0)
    assert meter.pace().eta_run == 60.0
    assert meter.pace().eta_epoch is None
