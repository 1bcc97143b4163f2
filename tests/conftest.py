"""No test depends on whose machine it runs on, nor on how its run was started."""

from __future__ import annotations

import gc
import signal

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the program.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Most objects of a test live until it ends: looking for garbage takes a tenth of the time.
gc.set_threshold(100_000, 50, 1000)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A script's background job ignores it, and so would every program that a test starts and stops.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_configuration_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-config"))
