"""Hypothesis strategies for logs as bytes, and for ways to cut them."""

from __future__ import annotations

from hypothesis import strategies as st

_WORDS = st.sampled_from(
    [
        "loss: 0.1234",
        "acc",
        " 12/100 ",
        "[==>...]",
        "━━",
        "é",
        "训练",
        "\U0001f680",
        "Z\u0301",
        "\t",
        " ",
    ]
).map(str.encode)
_CONTROLS = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b"\r\r\n", b"\b", b"\b" * 5, b"\b" * 40, b"\0", b"\0" * 8, b"\0" * 20]
)
_ESCAPES = st.sampled_from(
    [
        *(b"\x1b[0m", b"\x1b[1;32m", b"\x1b[2K", b"\x1b[K", b"\x1b[A", b"\x1b[2A", b"\x1b[H"),
        *(b"\x1b]0;title\x07", b"\x1b]8;;http://a\x1b\\", b"\x1b(B", b"\x1bM", b"\x1b[?25l"),
        *(b"\x1b", b"\x1b[", b"\x1b]", b"\x1b[1", b"\x1b]0;" + b"x" * 300, b"\x1b[" + b"1" * 300),
    ]
)
_TORN = st.binary(max_size=6)


def byte_logs(max_pieces: int = 30) -> st.SearchStrategy[bytes]:
    """Bytes thick with all that ends, redraws, hides or breaks a line."""
    pieces = st.one_of(_WORDS, _WORDS, _CONTROLS, _CONTROLS, _ESCAPES, _TORN)
    marks = st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
    return st.builds(
        lambda mark, body: mark + b"".join(body), marks, st.lists(pieces, max_size=max_pieces)
    )


def cuts(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """The same bytes in chunks, empty ones among them."""
    places = st.lists(st.integers(0, len(data)), max_size=12).map(sorted)
    return places.map(
        lambda at: [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]
    )
