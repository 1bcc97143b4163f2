"""Bytes to lines: the same lines for any chunks, and nothing in them that is unsafe to show."""

from __future__ import annotations

import re
import time
import tracemalloc
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.strategies import byte_logs, cuts
from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.records import Line

CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus"


def read(chunks: Iterable[bytes], max_chars: int = 65_536) -> list[Line]:
    reader = LineReader(max_chars)
    lines = [line for chunk in chunks for line in reader.feed(chunk)]
    return lines + reader.flush()


def each_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def texts(data: bytes) -> list[str]:
    return [line.text for line in read([data])]


def ends(data: bytes) -> list[tuple[str, str]]:
    return [(line.text, line.end) for line in read([data])]


# --- any chunks -----------------------------------------------------------------------------------


@given(st.data(), byte_logs())
def test_any_chunks_give_the_same_lines(data: st.DataObject, log: bytes) -> None:
    whole = read([log])
    assert read(data.draw(cuts(log))) == whole
    assert read(each_byte(log)) == whole


@given(byte_logs(), st.integers(16, 40))
def test_any_chunks_give_the_same_pieces_of_long_lines(log: bytes, cap: int) -> None:
    whole = read([log], cap)
    assert read(each_byte(log), cap) == whole


@given(st.binary(max_size=400))
def test_arbitrary_bytes_give_safe_lines(log: bytes) -> None:
    for line in read(each_byte(log)):
        assert not [c for c in line.text if unicodedata.category(c) in ("Cc", "Cs") and c != "\t"]
        assert sanitise(line.text) == line.text
        assert 0 <= line.offset < len(log)


@given(byte_logs())
def test_numbers_and_offsets_ascend(log: bytes) -> None:
    lines = read([log])
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    offsets = [line.offset for line in lines]
    assert offsets == sorted(offsets)


@given(byte_logs())
def test_tail_shows_what_flush_would_deliver(log: bytes) -> None:
    reader = LineReader()
    reader.feed(b"log\n" + log)
    tail = reader.tail()
    assert tail == reader.tail()
    assert reader.flush() == ([] if tail is None else [tail])


@pytest.mark.parametrize(
    "name", ["k312_torch_fast_pipe", "k202_overfit_cb_tty", "k209_outer_steps_pipe"]
)
def test_real_log_byte_by_byte(name: str) -> None:
    path = CORPUS / "keras" / name / "log.txt"
    if not path.exists():
        pytest.skip("no corpus beside the project")
    log = path.read_bytes()[:40_000]
    lines = read([log])
    assert read(each_byte(log)) == lines
    assert len(lines) > 50
    assert not [line for line in lines if "\x1b" in line.text or "^[" in line.text]
    for line in lines[:-1]:
        word = line.text.split()[0].encode() if line.text else b""
        assert log[line.offset :].lstrip(b" ").startswith(word)


# --- line ends and redraws ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (b"a\nb\n", [("a", "newline"), ("b", "newline")]),
        (b"a\r\n\r\nb\r\r\n", [("a", "newline"), ("", "newline"), ("b", "newline")]),
        (b"a\n\n\nb", [("a", "newline"), ("", "newline"), ("", "newline"), ("b", "open")]),
        (b"1/2\r2/2\n", [("1/2", "redraw"), ("2/2", "newline")]),
        (b"1/2\r", [("1/2", "open")]),
        (b"\r1/2\r    \r\r2/2\r\n", [("1/2", "redraw"), ("2/2", "newline")]),
        # Keras on a terminal: backspaces over the bar, a return, the next bar.
        (b"1/2 -\b\b\b\b\b\r2/2 -\n", [("1/2 -", "redraw"), ("2/2 -", "newline")]),
        (b"1/2 -\b\b\b\b\b\b\b\b\n2/2 -\n", [("1/2 -", "redraw"), ("2/2 -", "newline")]),
        (b"1/2 -\b\b\b\b\b2/2 -\n", [("1/2 -", "redraw"), ("2/2 -", "newline")]),
        # Padded with spaces over a longer bar before it.
        (b"1/2   \b\b\b\r2/2\n", [("1/2", "redraw"), ("2/2", "newline")]),
        ("1/2 ━\b\b\b\b\b2/2\n".encode(), [("1/2 ━", "redraw"), ("2/2", "newline")]),
        # Too few backspaces: whole before a line end, overwritten by text.
        (b"abcdef\b\b\n", [("abcdef", "newline")]),
        (b"abcdef\b\b\rx\n", [("abcdef", "redraw"), ("x", "newline")]),
        (b"abcdef\b\bxy\n", [("abcdxy", "newline")]),
        ("é━é\b\bxy\n".encode(), [("éxy", "newline")]),
        (b"caf\xe9s\b\bxy\n", [("cafxy", "newline")]),
        # Written over as far as the text goes, as a bar does that has a count amid it.
        (b"[==>..] a   \b\b\b\b\b\b\b\b\b\b2/9\r.", [("[=2/9.] a", "redraw"), (".", "open")]),
        ("━━━━━ é\b\b\b\b2\b\b3é\n".encode(), [("━━3é━ é", "newline")]),
        (b"abc\b\bdefg\n", [("adefg", "newline")]),
        (b"abcd\b\bx\by\b\b\b\bz\n", [("abyd", "redraw"), ("z", "newline")]),
        (b"abc\b\b", [("abc", "open")]),
        (b"\b\b\babc\n", [("abc", "newline")]),
        (b"abc\r\b\b\n", [("abc", "newline")]),
        # A message glued to the last bar, then backspaces for the bar.
        (b"9/9Epoch 1\r\n\b\b\b\rend\n", [("9/9Epoch 1", "newline"), ("end", "newline")]),
    ],
)  # fmt: skip
def test_line_ends_and_redraws(log: bytes, expected: list[tuple[str, str]]) -> None:
    assert ends(log) == expected


def test_redraw_is_delivered_as_soon_as_the_backspaces_suffice() -> None:
    reader = LineReader()
    assert reader.feed(b"1/2\b\b") == []
    assert reader.feed(b"\b") == [Line("1/2", 1, 0, "redraw")]
    assert reader.tail() is None


def test_a_return_is_withheld_until_it_cannot_be_a_line_end() -> None:
    reader = LineReader()
    assert reader.feed(b"1/2\r") == []
    assert reader.tail() == Line("1/2", 1, 0, "open")
    assert reader.feed(b"2") == [Line("1/2", 1, 0, "redraw")]
    assert reader.tail() == Line("2", 2, 4, "open")


def test_trailing_spaces_go_and_tabs_stay() -> None:
    assert texts(b"  a\tb  \t\n") == ["  a\tb"]


def test_offsets_are_those_of_the_text_itself() -> None:
    log = b"a\n\r\x1b[1m 1/2\x1b[0m x\b\b\b\b\b\b\r\x1b[32m2/2\n\nend\n"
    lines = read([log])
    assert [line.text for line in lines] == ["a", " 1/2 x", "2/2", "", "end"]
    assert [line.offset for line in lines] == [
        *(0, log.index(b" 1/2"), log.index(b"2/2\n"), log.index(b"\nend"), log.index(b"end"))
    ]


# --- escape sequences -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (b"\x1b[1m12/20\x1b[0m \x1b]0;t\x07loss\x1b(B\x1bM\n", [("12/20 loss", "newline")]),
        (b"a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", [("alink", "newline")]),
        (b"bar\x1b[2K\r\x1b[2K\rnext\n", [("bar", "redraw"), ("next", "newline")]),
        (b"bar\x1b[K\n", [("bar", "newline")]),
        (b"bar\r\x1b[Knext\x1b[K\n", [("bar", "redraw"), ("next", "newline")]),
        (b"a\r\n\rb\x1b[A\r\n\rc\x1b[2A\n", [("a", "newline"), ("b", "redraw"), ("c", "redraw")]),
        (b"old\x1b[2J\x1b[Hnew\n", [("old", "redraw"), ("new", "newline")]),
        (b"a\x1b\nb\x1b[12", [("a^[", "newline"), ("b", "open")]),
        (b"\x1b]0;never ended\nb\n", [("^[]0;never ended", "newline"), ("b", "newline")]),
        (b"\x1b[" + b"1" * 70 + b"m\n", [("^[[" + "1" * 70 + "m", "newline")]),
    ],
)  # fmt: skip
def test_escape_sequences(log: bytes, expected: list[tuple[str, str]]) -> None:
    assert ends(log) == expected


def test_an_endless_escape_sequence_is_text_and_not_withheld_for_ever() -> None:
    reader = LineReader()
    for _ in range(20):
        reader.feed(b"\x1b]" + b"x" * 30)
    tail = reader.tail()
    assert tail is not None
    assert tail.text.startswith("^[]xxx")


# --- encodings and NULs ---------------------------------------------------------------------------

MIXED = "Época 1/2\r\n 1/2 ━━ loss: 0.5\U0001f680\b\b\b\r2/2\r\nend"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-8-sig", "utf-8", "utf-32-le"])
def test_unicode_encodings(codec: str) -> None:
    log = MIXED.encode(codec)
    if codec == "utf-16-be":
        log = b"\xfe\xff" + log
    if codec == "utf-32-le":
        log = b"\xff\xfe\0\0" + MIXED.replace("\U0001f680", "").encode(codec)
    plain = [line.text for line in read([MIXED.encode()])]
    if codec == "utf-32-le":
        plain = [text.replace("\U0001f680", "") for text in plain]
    lines = read(each_byte(log))
    assert [line.text for line in lines] == plain
    assert log[lines[-1].offset :].startswith(
        "e".encode(codec.removesuffix("-sig").replace("utf-16", "utf-16-le").replace("le-be", "be"))
    )


def test_utf16_offsets_count_bytes_also_after_characters_of_two_units() -> None:
    log = "\U0001f680a\nbc\n".encode("utf-16")
    assert [line.offset for line in read([log])] == [2, 10]


def test_utf16_without_a_mark_reads_as_text() -> None:
    log = "Epoch 1/2\r\n\x1b[1m1/2\x1b[0m loss\b\b\b\b\b\b\b\b\r2/2\r\n".encode("utf-16-le")
    assert [line.text for line in read(each_byte(log))] == ["Epoch 1/2", "1/2 loss", "2/2"]
    assert read([log]) == read(each_byte(log))


def test_utf16_appended_to_bytes() -> None:
    assert texts(b"start\r\n" + "loss: 0.5\r\nend\r\n".encode("utf-16-le"))[:3] == [
        *("start", "loss: 0.5", "end")
    ]


@pytest.mark.parametrize(
    ("log", "text"),
    [
        (b"caf\xe9 \x93x\x94\n", "café “x”"),
        ("━".encode() + b"\xe2\x94 loss: 0.5\n", "━â” loss: 0.5"),
        (b"\xed\xa0\x80\n", "í\xa0€"),
        (b"a\x81b\n", "a\\x81b"),
        ("\x9b31m\n".encode(), "\\x9b31m"),
    ],
)
def test_what_is_not_utf8_is_read_as_windows_text_byte_by_byte(log: bytes, text: str) -> None:
    assert texts(log) == [text]


def test_an_open_line_leaves_out_a_character_cut_in_half() -> None:
    reader = LineReader()
    reader.feed("1/2 ━━".encode()[:-1])
    tail = reader.tail()
    assert tail is not None
    assert tail.text == "1/2 ━"
    assert [line.text for line in reader.feed(b"\x81\n")] == ["1/2 ━━"]


def test_a_mark_cut_by_the_end_of_the_source_is_text() -> None:
    assert texts(b"\xff") == ["ÿ"]
    assert texts(b"\xef\xbb\xbf") == []


def test_a_hole_of_nuls_ends_the_text_before_it() -> None:
    log = b"loss: 0.1" + b"\0" * 5000 + b"restarted\n"
    assert read([log]) == [
        Line("loss: 0.1", 1, 0, "open"),
        Line("restarted", 2, 5009, "newline"),
    ]
    assert read(each_byte(log)) == read([log])
    assert texts(b"a\0b\0\0c\n") == ["abc"]


def test_a_large_hole_is_quick_and_costs_no_memory() -> None:
    reader = LineReader()
    reader.feed(b"before")
    block = bytes(1 << 20)
    began = time.process_time()
    lines = [line for _ in range(200) for line in reader.feed(block)]
    assert time.process_time() - began < 5
    assert [line.text for line in lines] == ["before"]
    assert reader.feed(b"after\n")[0].offset == 6 + (200 << 20)


# --- long lines -----------------------------------------------------------------------------------


def test_a_long_line_comes_in_pieces_cut_at_spaces() -> None:
    words = b" ".join(b"word%05d" % i for i in range(20))
    lines = read([words + b"\nnext\n"], max_chars=64)
    assert b" ".join(line.text.encode() for line in lines[:-1]) == words
    assert {line.number for line in lines[:-1]} == {1}
    assert lines[-1].number == 2
    assert all(words[line.offset :].startswith(line.text.encode()) for line in lines[:-1])
    assert max(len(line.text) for line in lines) <= 64


def test_pieces_of_a_coloured_line_have_the_offsets_of_their_text() -> None:
    words = b"".join(b"\x1b[1mword\x1b[0m%05d " % i for i in range(20))
    lines = read([words])
    pieces = read([words + b"\n"], max_chars=64)
    assert len(pieces) > 2
    assert " ".join(piece.text for piece in pieces) == lines[0].text
    for piece in pieces:
        first, second = piece.text[:4].encode(), piece.text[4:9].encode()
        assert words[piece.offset :].startswith(first + b"\x1b[0m" + second)


def test_pieces_do_not_cut_characters() -> None:
    lines = read([("x" + "━" * 60).encode() + b"\n"], max_chars=64)
    assert "".join(line.text for line in lines) == "x" + "━" * 60


def test_a_line_without_end_is_bounded_in_memory_and_linear_in_time() -> None:
    def cost(megabytes: int) -> float:
        reader = LineReader()
        began = time.process_time()
        for _ in range(megabytes * 16):
            reader.feed(b"B" * 65_536)
        return time.process_time() - began

    tracemalloc.start()
    cost(4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    assert cost(40) < 25 * max(cost(4), 0.01)


def test_one_feed_of_a_very_long_line() -> None:
    began = time.process_time()
    lines = read([b"A" * 20_000_000 + b"\n"])
    assert time.process_time() - began < 5
    assert sum(len(line.text) for line in lines) == 20_000_000


# --- restart and flush ----------------------------------------------------------------------------


def test_restart_begins_a_new_source() -> None:
    reader = LineReader()
    reader.feed("\ufeffa\nhalf".encode("utf-16-le"))
    assert reader.flush() == [Line("half", 2, 6, "open")]
    reader.restart()
    assert reader.feed(b"\xef\xbb\xbfnew\n") == [Line("new", 1, 3, "newline")]


@given(st.data(), byte_logs(), byte_logs())
def test_what_is_cut_back_to_a_line_end_goes_on_with_its_offsets_and_numbers(
    data: st.DataObject, log: bytes, more: bytes
) -> None:
    """The lines are those of a read of the file as it is then."""
    assume(not log.startswith((b"\xff\xfe", b"\xfe\xff")))  # a cut within a unit is no line end
    line_ends = [at + 1 for at, byte in enumerate(log) if byte == 0x0A]
    at = data.draw(st.sampled_from([0, *line_ends]))
    if not at:
        more = b"x" + more  # no byte-order mark makes it another source
    reader = LineReader()
    for chunk in data.draw(cuts(log)):
        reader.feed(chunk)
    if data.draw(st.booleans()):
        reader.flush()
    reader.restart(at)
    behind = reader.feed(more) + reader.flush()
    assert behind == [line for line in read([log[:at] + more]) if line.offset >= at]


def test_cut_back_within_a_line_what_follows_has_its_number() -> None:
    reader = LineReader()
    reader.feed(b"one\ntwo\nthree\nfour\n")
    reader.flush()
    reader.restart(10)  # of "three" two letters are left
    assert reader.feed(b"new\nnext\n") == [
        Line("new", 3, 10, "newline"),
        Line("next", 4, 14, "newline"),
    ]


def test_cut_back_the_encoding_stays() -> None:
    text = "\ufeffone\ntwo\nthree\n".encode("utf-16-le")
    reader = LineReader()
    reader.feed(text)
    reader.restart(10)
    assert reader.feed("zwölf\n".encode("utf-16-le")) == [Line("zwölf", 2, 10, "newline")]


@given(byte_logs(), st.integers(1, 100), byte_logs())
def test_a_hole_is_as_so_many_nuls(log: bytes, size: int, more: bytes) -> None:
    reader = LineReader()
    lines = [*reader.feed(log), *reader.skip(size), *reader.feed(more), *reader.flush()]
    assert lines == read([log, bytes(size), more])


def test_a_hole_of_any_size_takes_no_time() -> None:
    reader = LineReader()
    assert reader.feed(b"half") == []
    assert reader.skip(1 << 40) == [Line("half", 1, 0, "open")]
    assert reader.feed(b"more\n") == [Line("more", 2, (1 << 40) + 4, "newline")]


def test_flush_leaves_nothing_behind() -> None:
    reader = LineReader()
    reader.feed(b"half\r")
    reader.flush()
    assert reader.flush() == []
    assert reader.tail() is None
    assert reader.feed(b"x\n") == [Line("x", 2, 5, "newline")]


# --- the sanitiser --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("loss: 0.5", "loss: 0.5"),
        ("a\tb", "a\tb"),
        ("\x1b]52;c;eA==\x07", "^[]52;c;eA==^G"),
        ("\x00\n\r\x7f", "^@^J^M^?"),
        ("\x9b2J\x85", "\\x9b2J\\x85"),
        ("\u202eevil\u2066\u200f\u061c", "<U+202E>evil<U+2066><U+200F><U+061C>"),
        ("a\u200bb\u2060c\ufeff", "a<U+200B>b<U+2060>c<U+FEFF>"),
        ("\ud800\ufff9\U000e0041\u2028", "<U+D800><U+FFF9><U+E0041><U+2028>"),
        ("Z" + "\u0301" * 500, "Z" + "\u0301" * 4),
        ("é━\U0001f680 训练 \u3000Z\u0301", "é━\U0001f680 训练 \u3000Z\u0301"),
        ("[@click=app.quit]loss[/]", "[@click=app.quit]loss[/]"),
    ],
)  # fmt: skip
def test_sanitise(text: str, safe: str) -> None:
    assert sanitise(text) == safe


@given(st.text(st.characters(), max_size=60))
def test_sanitise_is_idempotent_and_leaves_no_control(text: str) -> None:
    safe = sanitise(text)
    assert sanitise(safe) == safe
    assert not re.search("[\0-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", safe)


@pytest.mark.parametrize("state", [b"xx\b", b"ab\b\bcde", "éé\b".encode()])
def test_a_line_that_grows_while_its_end_is_written_over_is_looked_at_in_part(
    state: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    units = LineReader._units

    def counted(reader: LineReader) -> str:
        nonlocal looked
        found = units(reader)
        looked += len(found)
        return found

    monkeypatch.setattr(LineReader, "_units", counted)
    read([state * 16_000])
    assert looked < 3000 * 16_000  # at all of it each time: more than 8000 units


def test_a_line_is_cut_far_before_the_cursor_only() -> None:
    far = b"12345 " * 400
    found = read([far + b"10%\b\b\b20%\b\b\b30%\n"])
    assert [line.end for line in found] == ["newline"] * 3
    assert "".join(f"{line.text} " for line in found) == far.decode() + "30% "
    assert {line.number for line in found} == {1}
    assert [line.offset for line in found[:2]] == [0, len(found[0].text) + 1]
    assert texts(far + b"\b" * len(far) + b"done\n") == [far.decode().rstrip(), "done"]


@given(
    st.data(), st.integers(1, 3000), st.sampled_from([b"", b"a", b"a\r", b"a\b", b"\0", b"\0" * 9])
)
def test_of_very_many_empty_lines_the_first_are_delivered_and_all_are_counted(
    data: st.DataObject, blanks: int, begin: bytes
) -> None:
    log = begin + b"\n" * blanks + b"b\n\0" + b"\n" * blanks + b"c\n"
    lines = read([log])
    assert read(data.draw(cuts(log))) == lines
    assert len(lines) <= 1027
    for line in lines:
        if line.text in ("b", "c"):
            assert log[line.offset :].startswith(line.text.encode())
            before = log[: line.offset].count(b"\n")
            assert line.number == before + 1


def test_a_cut_within_very_many_empty_lines_is_counted_from() -> None:
    log = b"a\n" + b"\n" * 5000 + b"b\n"
    for kept in (0, 2, 3, 500, 600, 4000, 5002, 5003, 5004):
        reader = LineReader()
        reader.feed(log)
        reader.restart(kept)
        (line,) = reader.feed(b"c\n")
        assert (line.number, line.offset) == (log[:kept].count(b"\n") + 1, kept)


def test_a_file_of_empty_lines_is_read_in_little_memory() -> None:
    block = b"\n" * (1 << 20)
    reader = LineReader()
    tracemalloc.start()
    lines = sum(len(reader.feed(block)) for _ in range(40))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == 512
    assert peak < 40 << 20
    (line,) = reader.feed(b"a\n")
    assert (line.number, line.offset) == (40 * (1 << 20) + 1, 40 * (1 << 20))
