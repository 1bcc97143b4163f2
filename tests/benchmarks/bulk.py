"""What a long saved log costs: processor time and memory, of the whole process.

    python -m tests.benchmarks.bulk [--size MB] [--log FILE]

Prints a table, for `docs/sources.md`. Logs are made up: a training of 1000 batches an epoch with a loss
and an accuracy, as bars of Keras 3 redrawn in a terminal, bars of Keras 2 on lines of their own, and a
bar of tqdm. `--size` is that of each, 10 by default; `--log` takes a log of one's own instead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from multiprocessing import Process
from pathlib import Path

from tests.simulate import Case, Simulated
from tui_monitor.core.averages import laws

STEPS = 1000
SAMPLE = 4
"""Epochs of which the size of a log is judged."""


def keras_3(epochs: int) -> bytes:
    """A bar that is redrawn in a terminal."""
    return Simulated(Case(law=laws.STATE, batch_size=64, steps=STEPS, epochs=epochs)).log()


def keras_2(epochs: int) -> bytes:
    """The same of Keras 2, each state on a line of its own, as many a file has it."""
    run = Simulated(Case(law=laws.STEPS, batch_size=64, steps=STEPS, epochs=epochs))
    return run.log().replace(b"\r", b"\n")


def tqdm(epochs: int) -> bytes:
    """A bar with a mean loss and accuracy beside it."""
    run = Simulated(Case(law=laws.STATE, batch_size=64, steps=STEPS, epochs=epochs))
    lines: list[str] = []
    for line in run.lines:
        if line.final:
            lines.append("\n")
            continue
        bar = "█" * (10 * line.k // STEPS)
        shown = ", ".join(f"{name}={number.text}" for name, number in line.numbers.items())
        lines.append(
            f"\rEpoch {line.epoch}: {100 * line.k // STEPS:3d}%|{bar:10s}| {line.k}/{STEPS} "
            f"[00:{line.k // 100:02d}<00:{(STEPS - line.k) // 100:02d}, 99.51it/s, {shown}]"
        )
    return "".join(lines).encode()


LOGS = {"Keras 3, terminal": keras_3, "Keras 2, lines": keras_2, "tqdm": tqdm}


def make_up(name: str, size: float, path: Path) -> None:
    """Write a log of about so many bytes."""
    make = LOGS[name]
    path.write_bytes(make(max(round(size * SAMPLE / len(make(SAMPLE))), 1)))


def cost(command: str, path: Path) -> tuple[float, float, int]:
    """Seconds of processor time, megabytes of memory at most, and lines written."""
    with tempfile.TemporaryFile() as out:
        argv = [sys.executable, "-m", "tui_monitor", command, str(path)]
        process = subprocess.Popen(argv, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(argv)} failed")
        out.seek(0)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024.0, sum(1 for _ in out)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What a long saved log costs.")
    parser.add_argument("--size", type=float, default=10.0, help="megabytes of each log")
    parser.add_argument("--log", type=Path, help="a log of your own")
    options = parser.parse_args(argv)
    print("| log | MB | command | rows | CPU s | MB/s | us a row | RSS MB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name in [str(options.log)] if options.log else LOGS:
            path = options.log or Path(folder) / "train.log"
            if not options.log:
                # elsewhere: a process's greatest memory is at least that of who started it
                maker = Process(target=make_up, args=(name, options.size * 1e6, path))
                maker.start()
                maker.join()
            size, rows = path.stat().st_size / 1e6, 0
            for command in ("decode", "explain"):
                seconds, memory, lines = cost(command, path)
                rows = lines if command == "decode" else rows
                print(
                    f"| {name} | {size:.1f} | {command} | {rows} | {seconds:.1f} "
                    f"| {size / seconds:.2f} | {1e6 * seconds / rows:.0f} | {memory:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
