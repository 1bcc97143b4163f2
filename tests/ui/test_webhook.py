"""Alerts beyond the terminal: posted from a thread, without following anyone elsewhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

from tui_monitor.errors import TuiMonitorError
from tui_monitor.ui.alerting import webhook
from tui_monitor.ui.alerting.webhook import Webhook, check_address
from tui_monitor.ui.terminal.notify import notification


class Server(ThreadingHTTPServer):
    """Notes what is posted; answers with the codes it was given, then with 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.bodies: list[dict[str, object]] = []
        self.codes: list[int] = []
        self.came = threading.Semaphore(0)
        self.hold = threading.Event()
        self.hold.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))
        self.server.hold.wait(5)
        code = self.server.codes.pop(0) if self.server.codes else 200
        self.send_response(code)
        if code == 302:
            self.send_header("Location", self.server.address + "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.came.release()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_an_alert_is_posted_as_json(server: Server) -> None:
    hook = Webhook(server.address)
    hook.post("alarm", "loss is nan", "train.log")
    assert server.came.acquire(timeout=5)
    hook.close()
    (body,) = server.bodies
    assert isinstance(body.pop("time"), float)
    assert body == {"kind": "alarm", "text": "loss is nan", "source": "train.log"}


def test_what_fails_is_tried_again_and_told_once(server: Server) -> None:
    told: list[str] = []
    server.codes = [500] * (webhook.TRIES + 1)
    hook = Webhook(server.address, told.append, pause=0.001)
    hook.post("ended", "one", "train.log")
    hook.post("ended", "two", "train.log")
    for _ in range(webhook.TRIES + 2):
        assert server.came.acquire(timeout=5)
    hook.close()
    assert [body["text"] for body in server.bodies] == ["one"] * webhook.TRIES + ["two", "two"]
    assert told == ["alert not sent, it answers 500: check --webhook"]


def test_redirects_are_not_followed(server: Server) -> None:
    told: list[str] = []
    server.codes = [302] * webhook.TRIES
    hook = Webhook(server.address, told.append, pause=0.001)
    hook.post("best", "one", "train.log")
    for _ in range(webhook.TRIES):
        assert server.came.acquire(timeout=5)
    hook.close()
    assert len(server.bodies) == webhook.TRIES
    assert told == ["alert not sent, it answers 302: check --webhook"]


def test_a_refused_connection_is_told_without_the_address() -> None:
    told: list[str] = []
    hook = Webhook("http://127.0.0.1:9/secret-token", told.append, pause=0.001)
    hook.post("best", "one", "train.log")
    hook.close()
    assert told == ["alert not sent, Connection refused: check --webhook"]


def test_posting_never_waits_and_leaving_only_a_moment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_PARTING", 0.1)
    server.hold.clear()
    told: list[str] = []
    hook = Webhook(server.address, told.append)
    begin = monotonic()
    for number in range(200):
        hook.post("best", str(number), "train.log")
    hook.close()
    assert monotonic() - begin < 4
    assert told == ["alert not sent, too many alerts at once: check --webhook"]
    server.hold.set()


def test_closing_what_never_sent_starts_nothing() -> None:
    before = threading.active_count()
    Webhook("https://host/").close()
    assert threading.active_count() == before


@pytest.mark.parametrize("address", ["https://host/a?b=c", "http://127.0.0.1:8000"])
def test_addresses_that_can_be_called(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address", ["", "host/path", "ftp://host/", "file:///etc/passwd", "https://", "http://[",
                "https://host:x/", "https://host/a b", "https://host/\n"]
)  # fmt: skip
def test_other_addresses_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(TuiMonitorError, match="bad address, --webhook: give it as") as told:
        check_address(address)
    assert not address or address not in str(told.value).replace("https://host/path", "")


@pytest.mark.parametrize(
    ("environment", "sequence"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;a;b\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;tui-monitor;a,b\x07"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;tui-monitor;a,b\x07"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}, "\x1bPtmux;\x1b\x1b]9;a;b\x07\x1b\\"),
        ({"TERM": "screen", "STY": "1.pts"}, "\x1bP\x1b]9;a;b\x07\x1b\\"),
    ],
)
def test_a_notification_is_what_the_terminal_knows(
    environment: dict[str, str], sequence: str
) -> None:
    assert notification("a;b", environment) == sequence


def test_a_notification_carries_no_other_sequence() -> None:
    sent = notification("\x1b]0;title\x07\x1b\\" + "x" * 999, {})
    assert sent.count("\x1b") == 1
    assert sent.count("\x07") == 1
    assert len(sent) < 250
