"""Speed and time left, from arrivals where they tell it, else from what the log says."""

from __future__ import annotations

import pytest

from tui_monitor.core.picture.pace import UNHEARD, PaceMeter
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
    assert meter.pace() == Pace(2.0, None, 125.0, None)
    meter.add(bar(160, epoch=2, steps=400, eta=60.0)._replace(before=None), 1.0)
    assert meter.pace().eta_run == 60.0
    assert meter.pace().eta_epoch is None


@pytest.mark.parametrize("delay", [0.5, 13.0, 26.9])
@pytest.mark.parametrize("parts", [1, 8])
def test_what_was_there_when_a_log_was_opened_is_no_speed(delay: float, parts: int) -> None:
    """It may have been written in hours, and is read at once or within a second."""
    meter = PaceMeter()
    for step in range(1, 201):
        meter.add(bar(step, steps=406), 0.1 * (step * parts // 200))
    for later in range(12):
        now = 0.1 * parts + delay + 27.0 * later
        meter.add(bar(201 + later, steps=406), now)
        rate = meter.pace(now).steps_per_second
        assert rate is None or rate == pytest.approx(1 / 27.0, rel=0.01)
    assert rate is not None


def test_prints_a_minute_and_a_half_apart_have_a_speed() -> None:
    meter = PaceMeter()
    for number in range(6):
        meter.add(bar(100 * number, steps=1000), 90.0 * number)
    assert meter.pace(450.0 + 89.0).steps_per_second == pytest.approx(100 / 90.0)
    assert meter.pace(450.0 + 271.0).steps_per_second is None


def test_lines_without_steps_and_times_tell_when_the_run_ends() -> None:
    lines = [
        (bar(None, epoch=number, epochs=20, steps=None, final=True), 60.0 * max(number - 9, 0))
        for number in range(1, 14)
    ]
    assert told(*lines[:10]).eta_run is None
    assert told(*lines).eta_run == pytest.approx(7 * 60.0)


def test_how_long_from_print_to_print_is_told() -> None:
    assert told((bar(1, eta=990.0), 0.0)).between is None
    assert told((bar(1, eta=990.0), 0.0), (bar(6, eta=940.0), 0.0)).between == pytest.approx(50.0)
    epochs = [
        (bar(None, epoch=each, steps=None, final=True, elapsed=300.0), 0.0) for each in (1, 2)
    ]
    assert told(*epochs).between == 300.0
    steps = [(bar(100, epoch=each, final=True, elapsed=300.0), 0.0) for each in (1, 2)]
    assert told(*steps).between == 300.0
    first = [(bar(50, per_step=0.2), 0.0), (bar(100, final=True, elapsed=20.0), 0.0)]
    later = (bar(50, epoch=2, per_step=0.2), 0.0)
    assert told(*first, later).between == pytest.approx(10.0)
