"""A log over ssh: a real server on this machine, dropped connections, hostile names."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tui_monitor.core.options import DecodeOptions
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest import ssh
from tui_monitor.ingest.source import Chunk, Pulled, Restarted, Waiting
from tui_monitor.ingest.ssh import Connection, Target, parse_url
from tui_monitor.ingest.ssh_read import FAR_READ, read_whole
from tui_monitor.ingest.ssh_tail import FAR_COMMAND, SshTail
from tui_monitor.report.samples import sample_log
from tui_monitor.report.source import load_session

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Server:
    """An sshd of our own: its port, and the options of a client that it lets in."""

    def __init__(self, folder: Path) -> None:
        assert SSHD is not None
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
            )
        shutil.copy(folder / "user.pub", folder / "allowed")
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        (folder / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
            f"PidFile none\nAuthorizedKeysFile {folder}/allowed\nStrictModes no\nUsePAM no\n"
            f"PasswordAuthentication no\nPermitRootLogin yes\nBanner {folder}/banner\n"
        )
        (folder / "banner").write_text("loss: 0.1 - Welcome!\n")
        self.folder = folder
        key = (folder / "host.pub").read_text().split()
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {key[0]} {key[1]}\n")
        self.options = (
            "-F", "none", "-i", str(folder / "user"),
            "-o", f"UserKnownHostsFile={folder}/known", "-o", "GlobalKnownHostsFile=none",
            "-o", "IdentitiesOnly=yes",
        )  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        assert SSHD is not None
        self.process = subprocess.Popen(
            [SSHD, "-D", "-f", self.folder / "config"], stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 30
        while True:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < end, "sshd did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def target(self, path: Path | str) -> Target:
        return Target("127.0.0.1", str(path), getpass.getuser(), self.port)

    def connection(self, path: Path | str) -> Connection:
        return Connection(self.target(path), self.options)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("needs an ssh client and sshd (openssh-server)")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd, if root's, asks for it
    server = Server(tmp_path_factory.mktemp("ssh"))
    yield server
    server.stop()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "run ; touch x $(id) 'é\".log"


class Reader:
    """Pulls and writes down."""

    def __init__(self, connection: Connection) -> None:
        self.tail = SshTail(connection, first_retry=0.05)
        self.data = b""
        self.ages: list[float] = []
        self.told: list[str] = []
        self.at: list[int] = []
        self.waits: list[str] = []

    def pull(self) -> Pulled:
        pulled = self.tail.pull(1 << 16)
        if isinstance(pulled, Chunk):
            self.data += pulled.data
            self.ages.append(pulled.age)
        elif isinstance(pulled, Restarted):
            self.data += b"|"
            self.told.append(pulled.reason)
            self.at.append(pulled.at)
        elif isinstance(pulled, Waiting) and pulled.reason not in self.waits:
            self.waits.append(pulled.reason)
        return pulled

    def until(self, happens: Callable[[], object]) -> None:
        end = time.monotonic() + 40
        while not happens():
            assert time.monotonic() < end, (self.data[-80:], self.told, self.waits)
            if not isinstance(self.pull(), (Chunk, Restarted)):
                time.sleep(0.01)

    def drop(self) -> None:
        """The connection dies."""
        child = self.tail._child
        assert child is not None
        child.send_signal(signal.SIGKILL)
        child.wait()


@pytest.fixture
def reader(server: Server, log: Path) -> Iterator[Reader]:
    made = Reader(server.connection(log))
    yield made
    made.tail.close()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_file_that_comes_and_grows(reader: Reader, log: Path) -> None:
    reader.until(lambda: any("is not there" in each for each in reader.waits))
    log.write_bytes(bytes(range(256)) * 4000)
    reader.until(lambda: len(reader.data) >= 1_024_000)
    append(log, b"more\n")
    reader.until(lambda: reader.data.endswith(b"more\n"))
    assert reader.data == log.read_bytes()
    assert reader.told == []


def test_an_old_log_says_how_old_it_is(reader: Reader, log: Path) -> None:
    """As a file does: what was found is old, what is appended is not."""
    log.write_bytes(bytes(range(256)) * 400)
    an_hour_ago = time.time() - 3600.0
    os.utime(log, (an_hour_ago, an_hour_ago))
    reader.until(lambda: len(reader.data) >= 102_400)
    assert 3600.0 <= reader.ages[-1] < 3700.0
    append(log, b"more\n")
    reader.until(lambda: reader.data.endswith(b"more\n"))
    assert reader.ages[-1] == 0.0
    reader.drop()
    an_hour_ago = time.time() - 3600.0
    append(log, b"and more\n")
    os.utime(log, (an_hour_ago, an_hour_ago))
    reader.until(lambda: reader.data.endswith(b"and more\n"))
    assert 3600.0 <= reader.ages[-1] < 3700.0
    assert reader.data == log.read_bytes()


def test_nothing_is_lost_or_doubled_over_twenty_drops(reader: Reader, log: Path) -> None:
    log.write_bytes(b"")
    for number in range(20):
        append(log, b"line %d %s\n" % (number, b"x" * 200))
        if number % 2:
            reader.until(lambda: reader.data == log.read_bytes())
        else:
            reader.until(lambda: reader.tail._child is not None)
        reader.drop()
        append(log, b"while away %d\n" % number)
    reader.until(lambda: reader.data == log.read_bytes())
    assert reader.told == []
    assert any("lost" in each for each in reader.waits)


def test_a_server_that_is_away_is_waited_for(server: Server, reader: Reader, log: Path) -> None:
    log.write_bytes(b"one\n")
    reader.until(lambda: reader.data == b"one\n")
    server.stop()
    reader.drop()
    reader.until(lambda: any("Connection refused" in each for each in reader.waits))
    append(log, b"two\n")
    server.start()
    reader.until(lambda: reader.data == b"one\ntwo\n")


def test_rotated_while_away_and_the_old_one_is_found(reader: Reader, log: Path) -> None:
    log.write_bytes(b"one\n" * 500)
    reader.until(lambda: reader.data == b"one\n" * 500)
    reader.drop()
    append(log, b"rest\n")
    log.rename(f"{log}.1")
    log.write_bytes(b"new\n" * 1000)
    reader.until(lambda: reader.data == b"one\n" * 500 + b"rest\n|" + b"new\n" * 1000)
    assert "was rotated" in reader.told[0]
    assert reader.tail.gaps == 0


@pytest.mark.parametrize("new", [b"", b"new\n", b"new\n" * 1000], ids=["empty", "less", "more"])
def test_replaced_and_the_old_one_gone_is_a_counted_gap(
    reader: Reader, log: Path, new: bytes
) -> None:
    log.write_bytes(b"one\n" * 500)
    reader.until(lambda: len(reader.data) == 2000)
    reader.drop()
    log.write_bytes(new)
    reader.until(lambda: reader.data == b"one\n" * 500 + b"|" + new)
    assert "after byte 2000 is not known (gap 1)" in reader.told[0]
    assert reader.tail.gaps == 1


@pytest.mark.parametrize("while_away", [True, False])
def test_cut_back_it_goes_on_with_a_counted_gap(
    reader: Reader, log: Path, while_away: bool
) -> None:
    lines = [b"line %d %d\n" % (number, number**3) for number in range(500)]
    text = b"".join(lines)
    log.write_bytes(text)
    reader.until(lambda: reader.data == text)
    if while_away:
        reader.drop()
    kept = len(b"".join(lines[:300]))
    os.truncate(log, kept)
    append(log, b"line 300 again\n")
    reader.until(lambda: reader.data == text + b"|line 300 again\n")
    append(log, b"more\n")
    reader.until(lambda: reader.data.endswith(b"again\nmore\n"))
    assert f"was cut back by {len(text) - kept} bytes and goes on" in reader.told[0]
    assert f"after byte {len(text)} is not known (gap 1)" in reader.told[0]
    assert reader.at == [kept]
    os.truncate(log, kept - len(lines[299]) - 5)  # within a line, which counts as read
    reader.until(lambda: len(reader.at) == 2)
    append(log, b"!\n")
    reader.until(lambda: reader.data.endswith(b"|!\n"))
    assert reader.at[1] == kept - len(lines[299]) - 5


def test_a_far_log_is_read_once(server: Server, log: Path) -> None:
    data = bytes(range(256)) * 4000
    log.write_bytes(data)
    assert b"".join(read_whole(server.connection(log))) == data
    log.write_bytes(b"")
    assert list(read_whole(server.connection(log))) == []
    for path, why in [(log.with_name("none"), "No such file"), (log.parent, "not a regular file")]:
        with pytest.raises(TuiMonitorError, match=why):
            list(read_whole(server.connection(path)))


def test_a_far_log_is_decoded_once(
    server: Server, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(target: Target) -> Connection:
        assert target == Target("host", "/run.log", "me")
        return server.connection(log)

    monkeypatch.setattr(ssh, "connect", connect)
    log.write_bytes(sample_log().read_bytes())
    far = load_session("ssh://me@host/run.log", DecodeOptions())
    near = load_session(log, DecodeOptions())
    assert list(far.rows())[-1].displayed == list(near.rows())[-1].displayed
    assert far.bytes == near.bytes > 0


def test_a_connection_lost_while_reading_once_is_told(
    server: Server, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    children: list[subprocess.Popen[bytes]] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            children.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    log.write_bytes(bytes(1 << 24))
    blocks = read_whole(server.connection(log))
    assert next(blocks)
    children[0].kill()
    with pytest.raises(TuiMonitorError, match="lost the connection"):
        list(blocks)


def test_nothing_is_left_running_on_the_far_side(reader: Reader, log: Path) -> None:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc")
    log.write_bytes(b"x\n")
    reader.until(lambda: reader.data == b"x\n")
    loops = far_loops()
    assert loops
    reader.drop()
    end = time.monotonic() + 30
    while far_loops() & loops:
        assert time.monotonic() < end
        time.sleep(0.02)


def far_loops() -> set[str]:
    """Processes that run our loop."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            parts = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if parts[0].endswith(b"sh") and b"IFS= read -r t" in b" ".join(parts):
            found.add(path.parent.name)
    return found


def test_a_directory_is_told(server: Server, tmp_path: Path) -> None:
    made = Reader(server.connection(tmp_path))
    made.until(lambda: any("is not a file" in each for each in made.waits))
    made.tail.close()


def test_the_way_is_tried_first(server: Server, log: Path) -> None:
    plain = ssh.connect(server.target(log), options=server.options)
    assert plain.options == server.options
    with pytest.raises(TuiMonitorError, match="cannot connect to 127"):
        ssh.connect(Target("127.0.0.1", "/x", None, 1), options=server.options)


def test_where_ssh_has_to_ask_its_connection_is_shared(
    server: Server, log: Path, tmp_path: Path
) -> None:
    """A client that may not use its key until it may ask: the answer comes from askpass."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", tmp_path / "locked"], check=True
    )
    with (server.folder / "allowed").open("a") as allowed:
        allowed.write((tmp_path / "locked.pub").read_text())
    (tmp_path / "askpass").write_text("#!/bin/sh\necho secret\n")
    (tmp_path / "askpass").chmod(0o700)
    options = [
        str(tmp_path / "locked") if part.endswith("/user") else part for part in server.options
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSH_ASKPASS", str(tmp_path / "askpass"))
        patch.setenv("SSH_ASKPASS_REQUIRE", "force")
        patch.delenv("SSH_AUTH_SOCK", raising=False)
        shared = ssh.connect(server.target(log), options=options)
        socket_path = Path(shared.options[-1].removeprefix("ControlPath="))
        assert socket_path.exists()
        log.write_bytes(b"secret log\n")
        made = Reader(shared)
        made.until(lambda: made.data == b"secret log\n")
        made.tail.close()
        ssh.disconnect(shared)
        assert not socket_path.parent.exists()


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("ssh://gpu/var/run.log", Target("gpu", "/var/run.log")),
        ("ssh://me@gpu.example.org:22/a%20b", Target("gpu.example.org", "/a b", "me", 22)),
        ("ssh://me@[::1]:2222/x", Target("::1", "/x", "me", 2222)),
        ("ssh://gpu/~/run.log", Target("gpu", "~/run.log")),
        ("ssh://gpu/-oProxyCommand=id", Target("gpu", "/-oProxyCommand=id")),
        ("ssh://gpu/$(id);`id`", Target("gpu", "/$(id);`id`")),
    ],
)
def test_urls(url: str, target: Target) -> None:
    assert parse_url(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=touch x/run.log", "ssh://-x@host/run.log", "ssh://host:-1/x",
        "ssh://host:22x/x", "ssh://host:0/x", "ssh://host:99999/x", "ssh://host", "ssh://host/",
        "ssh:///x", "ssh://@host/x", "ssh://ho st/x", "ssh://a;b/x", "ssh://$(id)/x", "ssh://host/x/",
        "ssh://host/a%0ab", "ssh://host/a%00b", "ssh://us er@host/x", "ssh://host-/x", "http://h/x",
        "ssh://[::1/x", "ssh://::1/x", "ssh://`id`@h/x", "ssh://h:٢٢/x",
    ],
)  # fmt: skip
def test_urls_that_could_be_options_or_commands_are_refused(url: str) -> None:
    with pytest.raises(TuiMonitorError):
        parse_url(url)


def test_no_part_of_a_target_stands_where_an_option_could() -> None:
    target = Target("host", "/x; touch y", "-oProxyCommand=id", 22)
    command = Connection(target).command(FAR_COMMAND)
    end = command.index("--")
    assert command[end + 1 :] == ["host", FAR_COMMAND]
    assert command[command.index("-l") + 1] == "-oProxyCommand=id"
    assert not any("touch" in part for part in command)


def test_every_login_shell_hands_the_loop_on_as_it_is() -> None:
    """Within single quotes csh minds `!` and line ends, fish backslashes."""
    for command in (FAR_COMMAND, FAR_READ):
        loop = command.removeprefix("exec sh -c '").removesuffix("'")
        assert not re.search(r"['\\!\n]", loop)


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "csh", "tcsh", "fish", "zsh", "busybox"])
def test_the_loop_answers_in_the_shells_there_are(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    log = tmp_path / "a 'b"
    log.write_bytes(b"0123456789")
    login = [shell, "sh"] if shell == "busybox" else [shell]
    done = subprocess.run(
        [*login, "-c", FAR_COMMAND],
        input=b"TOKEN\n" + os.fsencode(log) + b"\n9 \n1 .1\n",
        capture_output=True,
        timeout=20,
    )
    greeting, _, answers = done.stdout.partition(b"\n")
    assert answers == b"89\nTOKEN 0\n\nTOKEN 2\n"
    token, ready, now, written = greeting.split()
    assert (token, ready, int(written)) == (b"TOKEN", b"ready", int(log.stat().st_mtime))
    assert 0 <= int(now) - int(written) < 30
    done = subprocess.run(
        [*login, "-c", FAR_READ],
        input=b"TOKEN\n" + os.fsencode(log) + b"\n",
        capture_output=True,
        timeout=20,
    )
    assert done.stdout == b"TOKEN ready\n0123456789"
    assert done.returncode == 0
