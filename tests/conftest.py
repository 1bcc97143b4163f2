"""No test depends on whose machine it runs on."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_configuration_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-config"))
