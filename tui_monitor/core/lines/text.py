"""Bytes of a log to lines, however they are cut into chunks.

Owns line ends, redraws in place (carriage returns, backspaces, cursor moves), holes of NULs, the cap
on a line's length and where lines end in the source; `encoding` makes characters of bytes,
`escapes` finds escape sequences. It refuses to know what a line means.

The text is read in three steps, each of which sees the same whatever the chunks: NULs go, then
escape sequences, then a small machine follows the cursor. Until a line is delivered it is kept in
code units of the source (bytes as Latin-1, or UTF-16 units): all delimiters are ASCII and a unit is
a fixed number of bytes, so offsets are exact, and a character that a chunk cuts comes together.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from tui_monitor.core.lines import encoding, escapes
from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.records import Line, LineEnd

_STEP = re.compile("([^\b\n\r]*)(\b*)(\r*)(\n?)")
_HOLE = 8  # NULs in a row: a file system's zeros, not UTF-16 read as bytes
_BLANK = 512  # empty lines in a row that are delivered
_BLANKS = "\n" * (2 * _BLANK)
_MANY_BLANK = re.compile(f"\n{{{2 * _BLANK},}}")
_REACH = 1024  # units left of a cursor that went back; each time it does, they are looked at again


class LineReader:
    """Turns chunks of bytes into lines, the same lines for any chunks.

    A newline ends a line (`newline`). A carriage return, enough backspaces to return to its start,
    or an escape sequence that moves away or erases it ends a state of a line that is redrawn
    (`redraw`). Backspaces short of that leave the text whole before a line end, and other text is
    written over it, as far as it goes. A hole of NULs, and the end of the source, end a line as it
    stands (`open`).

    Every newline-ended line counts and is delivered, empty ones too, but for those beyond 512 in a
    row; so a plain file has the line numbers of an editor. An empty state of a redrawn line is
    nothing, nor is the newline after it. A line of more than `max_chars` (code units of the source)
    is delivered in pieces with the same number, each `newline`, cut at spaces where there are some,
    and so is one whose end is written over far from its start. Trailing white space is left out.
    """

    def __init__(self, max_chars: int = 65_536) -> None:
        if max_chars < 16:
            raise ValueError("max_chars is at least 16")
        self._max = max_chars
        self._lines: list[Line] = []
        self._ends = array("Q")  # offsets at which numbered lines are over, in order, but for ..
        self._left_out: list[range] = []  # .. those of empty lines that are not delivered
        self.restart()

    def restart(self, offset: int = 0) -> None:
        """Begin a new source: its encoding, offsets and line numbers.

        With an offset: the same source was cut back to its first `offset` bytes and goes on there,
        so encoding and line numbers do.
        """
        if not offset:
            self._encoding = encoding.BYTES
            self._detected = False
        del self._ends[bisect_right(self._ends, offset) :]
        width = self._encoding.width
        kept = (range(each.start, min(each.stop, offset + 1), width) for each in self._left_out)
        self._left_out = [each for each in kept if each]
        self._number = self._over = len(self._ends) + sum(map(len, self._left_out))
        self._over_at = offset  # where the last numbered line is over
        self._offset = offset  # of the first byte not yet consumed
        self._lines.clear()
        self._clear()

    def _clear(self) -> None:
        """Forget what is not delivered."""
        self._rest = b""  # cut within a byte-order mark, a unit or an escape sequence
        self._nuls = 0  # at the end of what was consumed
        self._redrawn = False  # the line has been delivered in an earlier state or piece
        self._blank = 0  # empty lines in a row
        self._continued = False  # pieces of the line are out: its number is taken
        self._clear_pending()

    def _clear_pending(self) -> None:
        """Forget the text since the last line end or redraw."""
        self._parts: list[
            tuple[str, escapes.Places, int]
        ] = []  # units, offsets, index of the first
        self._length = 0
        self._start = 0
        self._returned = False  # a carriage return follows: redraw, unless a newline comes
        self._erased = 0  # backspaces that follow, fewer than the text is long
        self._right = ""  # units from where the cursor went back to on, written over since,
        self._right_from = 0  # by the pending units from here on
        self._shown: str | None = None  # what the pending units show, if known

    # --- in and out

    def feed(self, data: bytes) -> list[Line]:
        """Take the next bytes of the source; return the lines that they complete."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if not self._detected:
            if any(mark.startswith(data) and mark != data for mark in encoding.MARKS):
                self._rest = data
                return []
            data = self._detect(data)
        self._consume(data)
        return self._take()

    def skip(self, size: int) -> list[Line]:
        """Take a hole of the source: as `feed` of so many NULs, in no time."""
        nuls = min(size, 4 * _HOLE + size % 2)  # as even as the hole: units may be pairs of bytes
        lines = self.feed(bytes(nuls))
        self._offset += size - nuls
        return lines

    def flush(self) -> list[Line]:
        """The source ended: return what is left, as an `open` line."""
        if not self._detected and self._rest:
            self._consume(self._detect(self._rest))
        self._end("open")
        self._offset += len(self._rest)
        self._clear()
        return self._take()

    def tail(self) -> Line | None:
        """The unfinished line as it stands, not consumed; None if there is nothing to see."""
        text = self._text(cut=True)
        if not text:
            return None
        number = self._number if self._continued else self._number + 1
        return Line(sanitise(text), number, self._start, "open")

    def _take(self) -> list[Line]:
        lines, self._lines = self._lines, []
        return lines

    # --- bytes to units

    def _detect(self, data: bytes) -> bytes:
        """Settle the encoding by the first bytes; return what follows the byte-order mark."""
        self._detected = True
        for mark, marked in encoding.MARKS.items():
            if data.startswith(mark):
                self._encoding = marked
                self._offset += len(mark)
                return data[len(mark) :]
        return data

    def _consume(self, data: bytes) -> None:
        """Follow what can be followed; keep what a chunk's end has cut."""
        units, width = self._encoding.split(data), self._encoding.width
        end = self._offset + width * len(units)
        offsets: Sequence[int] = range(self._offset, end, width)
        if self._nuls or "\0" in units:
            units, offsets = self._without_nuls(units, offsets)
        cut = escapes.find_cut(units)
        if cut is not None:
            end = offsets[cut]
            self._nuls = 0  # those after the cut are read again
        self._follow(units[:cut], offsets)
        self._rest = data[end - self._offset :]
        self._offset = end

    def _without_nuls(self, units: str, offsets: Sequence[int]) -> tuple[str, Sequence[int]]:
        """Follow the text up to the last hole; return the text behind it, without its NULs."""
        codes = np.frombuffer(units.encode("utf-32-le", "surrogatepass"), "<u4")
        kept = np.flatnonzero(codes)
        if not kept.size:
            whole = self._nuls < _HOLE <= self._nuls + len(units)
            self._nuls += len(units)
            if whole:
                self._end("open")
            return "", ()
        if self._nuls < _HOLE <= self._nuls + kept[0]:
            self._end("open")
        self._nuls = len(units) - 1 - int(kept[-1])
        text = units.replace("\0", "")
        places = (np.asarray(offsets)[kept]).tolist()
        begin = 0
        for stop in (np.flatnonzero(np.diff(kept) > _HOLE) + 1).tolist():
            self._follow(text[begin:stop], places[begin:stop])
            self._end("open")
            begin = stop
        if self._nuls >= _HOLE:
            self._follow(text[begin:], places[begin:])
            self._end("open")
            return "", ()
        return text[begin:], places[begin:]

    # --- units to lines

    def _follow(self, units: str, offsets: Sequence[int]) -> None:
        """Follow the cursor over units that hold no NUL and no cut escape sequence."""
        begin = 0
        if _BLANKS in units and isinstance(offsets, range):
            for blank in _MANY_BLANK.finditer(units):
                stop = blank.start() + _BLANK + 1  # the first newline may end a line with text
                self._walk(units[begin:stop], offsets[begin:stop])
                begin = blank.end()
                self._leave_out(offsets[stop:begin])
        self._walk(units[begin:], offsets[begin:])

    def _leave_out(self, places: Sequence[int]) -> None:
        """Count empty lines, of which the newlines are at these places."""
        width = self._encoding.width
        ends = range(places[0] + width, places[-1] + 2 * width, width)
        if self._left_out and self._left_out[-1].stop == ends.start:
            ends = range(self._left_out.pop().start, ends.stop, width)
        self._left_out.append(ends)
        self._number += len(places)
        self._over += len(places)
        self._over_at = places[-1] + width

    def _walk(self, units: str, offsets: Sequence[int]) -> None:
        """The same of units that are no hundreds of empty lines."""
        at = 0
        for body, back, returns, newline in _STEP.findall(units):
            if body:
                if "\x1b" in body:
                    self._write_escaped(body, offsets, at)
                else:
                    self._write(body, offsets, at)
                at += len(body)
            if back:
                self._erase(len(back))
                at += len(back)
            if returns:
                self._returned = self._length > 0
                at += len(returns)
            if newline:
                if not self._length:
                    self._start = offsets[at]
                    if self._blank >= _BLANK and self._start == self._over_at:
                        self._leave_out((self._start,))
                        at += 1
                        continue
                    self._blank += not self._redrawn
                numbered = self._end("newline")
                self._redrawn = False
                if numbered:
                    self._over_at = self._ends[-1] = offsets[at] + self._encoding.width
                at += 1

    def _write_escaped(self, units: str, offsets: escapes.Places, at: int) -> None:
        """Write text between escape sequences; end it where one leaves the line."""
        plain = escapes.Uncoloured(units, offsets, at)
        if "\x1b" not in plain.text:
            if plain.text:
                self._write(plain.text, plain, 0)
            return
        begin = 0
        for escape in escapes.ESCAPE.finditer(units):
            stop, resume = escape.span()
            if stop > begin:
                self._write(units[begin:stop], offsets, at + begin)
            if units[resume - 1] in escapes.LEAVING and escapes.leaves_line(escape):
                self._end("redraw")
            begin = resume
        if begin < len(units):
            self._write(units[begin:], offsets, at + begin)

    def _write(self, units: str, offsets: escapes.Places, at: int) -> None:
        """Put text at the cursor: `units`, whose first lies at `offsets[at]`."""
        self._blank = 0
        if self._returned:
            self._end("redraw")
        elif self._erased:
            self._overwrite()
        if not self._length:
            self._start = offsets[at]
        self._shown = None
        self._length += len(units)
        if self._length <= self._max:
            self._parts.append((units, offsets, at))
            return
        self._length -= len(units)
        for begin in range(0, len(units), self._max):
            part = units[begin : begin + self._max]
            self._parts.append((part, offsets, at + begin))
            self._length += len(part)
            while self._length > self._max:
                self._cut_piece(self._max)

    def _erase(self, count: int) -> None:
        """Move the cursor back; at the start of the text the text is complete."""
        if not self._length or self._returned:
            return
        if self._right:
            self._take_right()
        self._erased += count
        if self._shown is None:
            self._shown = self._text()
        if self._erased < len(self._shown):
            return
        if self._erased >= len(self._encoding.decode(self._units())):
            self._end("redraw")

    def _overwrite(self) -> None:
        """Text follows backspaces that stop within the pending text: it is written over its end."""
        units = self._units()
        kept = self._encoding.count(self._encoding.decode(units)[: -self._erased])
        if kept > _REACH:
            while kept > _REACH:
                kept -= self._cut_piece(min(self._max, _REACH))
            units = self._units()
        self._right, self._right_from = units[kept:], kept
        self._length, self._erased = kept, 0
        self._drop_parts(kept)

    def _take_right(self) -> None:
        """The cursor moves again: what is left of the text right of it is like any other."""
        left = self._left_of_right()
        self._parts.append((left, range(self._start, self._start + len(left)), 0))
        self._length += len(left)
        self._erased, self._right = len(self._encoding.decode(left)), ""
        self._shown = None

    def _left_of_right(self) -> str:
        """Units of the text right of the cursor that nothing is written over."""
        decode = self._encoding.decode
        over = len(decode(self._units()[self._right_from :]))
        return self._right[self._encoding.count(decode(self._right)[:over]) :]

    def _drop_parts(self, kept: int) -> None:
        """Of the pending units, more than so many, keep these."""
        over = sum([len(units) for units, _, _ in self._parts]) - kept
        while over >= len(self._parts[-1][0]):
            over -= len(self._parts.pop()[0])
        units, offsets, at = self._parts[-1]
        self._parts[-1] = (units[: len(units) - over], offsets, at)

    def _cut_piece(self, most: int) -> int:
        """Deliver the beginning of a line that is longer than `most`; returns how many units."""
        pending = self._units()
        cut = pending.rfind(" ", most // 2, most) + 1
        if not cut:
            cut = most
            while cut > most - 4 and self._encoding.continuing.match(pending, cut):
                cut -= 1
        if not self._continued:
            self._number += 1
        self._continued = self._redrawn = True
        if text := self._encoding.show(pending[:cut]).rstrip():
            self._lines.append(Line(sanitise(text), self._number, self._start, "newline"))
        self._length -= cut
        self._right = ""
        left = cut
        for index, (units, offsets, at) in enumerate(self._parts):
            if left < len(units):
                self._parts[: index + 1] = [(units[left:], offsets, at + left)]
                self._start = offsets[at + left]
                break
            left -= len(units)
        return cut

    def _end(self, end: LineEnd) -> bool:
        """Deliver the pending text, if there is anything to see, and begin anew after it.

        Returns whether a numbered line is over.
        """
        text = self._shown if self._length else ""
        if text is None or (text and end == "open"):
            text = self._text(cut=end == "open")
        if text or (end == "newline" and not self._redrawn):
            if not self._continued:
                self._number += 1
            self._lines.append(Line(sanitise(text), self._number, self._start, end))
            self._redrawn = True
        numbered = self._over < self._number
        if numbered:
            self._over += 1
            self._ends.append(self._start + self._encoding.width * self._length)
        self._continued = False
        self._clear_pending()
        return numbered

    def _units(self) -> str:
        """The pending text."""
        if len(self._parts) == 1:
            return self._parts[0][0]
        return "".join([units for units, _, _ in self._parts])

    def _text(self, *, cut: bool = False) -> str:
        """What the pending text shows, without padding; `cut`: it may end within a character."""
        text = self._encoding.show(self._units(), cut=cut)
        if self._right:
            text += self._encoding.show(self._left_of_right())
        return text.rstrip()
