"""Many runs at once: which there are, which grow, which are decoded. One thread for all of them.

`Fleet` decides what to do at a given time and waits for nothing; `FleetThread` gives it its turns. A
finished log is read once, for its row in the list; decoded are only runs that grow, and those that
were asked for. Files are looked at by name, at a rate that suits how lately they have grown; file
system events only make it quicker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Literal

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.runs import RunList
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ingest.bells import FolderBell
from tui_monitor.ingest.choosing import LIVE_SECONDS, MOST_LIVE, live_of, paces_of
from tui_monitor.ingest.finder import LogFinder
from tui_monitor.ingest.member import Member, folder_of
from tui_monitor.ingest.specs import Spec, Stream, names_of

_WORK = 0.04  # seconds of work in one turn, so that keys and pictures come through
_LIVE_BEAT = 0.5  # seconds between two looks at the files that grow
_REST_BEAT = 2.5  # the same for all others, and for folders
_SHARE = 1200.0  # times what a look at all files costs that is waited before the next
_CHOICE_SECONDS = 15.0  # between two looks at what is worth decoding, if nothing happens
_LIST_SECONDS = 0.4  # between two pictures of the list
_AGE_SECONDS = 5.0  # after which the list is looked through for silences that have grown ...
_OLD_SECONDS = 30.0  # ... and where nothing may be expected to grow
_SAFETY_SECONDS = 5.0  # after which a feed has its turn though nothing seems to have happened
_TOLD = 15.0  # seconds for which something that happened stays the news

PublishList = Callable[[RunList], None]
ShowRun = Callable[[str, Snapshot, SourceState], None]


class Fleet:
    """All runs of some sources. Every `turn` does what is due; it is told the time by its clocks.

    Args:
        specs: Files and trees of the command line; see `discover.spec_of`.
        streams: What is no file.
        options: For the decoder.
        publish: Takes the list when it has changed.
        show: Takes the pictures of the opened run, with its key.
        clock: Seconds, monotonic.
        wall: Seconds since 1970, as files have them.
        listen: Use file system events.
        most_live: Runs that grow and are decoded without being asked for, the newest first.
        live_seconds: Between two pictures of such a run.
    """

    def __init__(
        self,
        specs: Sequence[Spec],
        streams: Sequence[Stream],
        options: DecodeOptions,
        publish: PublishList,
        show: ShowRun,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        listen: bool = True,
        most_live: int = MOST_LIVE,
        live_seconds: float = LIVE_SECONDS,
    ) -> None:
        self._options = options
        self._publish, self._show = publish, show
        self._clock, self._wall = clock, wall
        self._listen = listen
        self._listening = False
        self._most_live, self._live_seconds = most_live, live_seconds
        self.rung = threading.Event()
        """Set when there may be something to do."""
        self._bell = FolderBell(self.rung)
        self._members: dict[str, Member] = {}
        files = list(dict.fromkeys(spec.source for spec in specs if spec.kind == "file"))
        for path, name in zip(files, names_of(files), strict=True):
            self._members[path] = Member(path, sanitise(name), options, path=path)
        for key, name, open_source in streams:
            self._members[key] = Member(key, sanitise(name), options, open_source=open_source)
        known = [*files, *(stream.key for stream in streams)]
        self._finder = LogFinder(specs, known=known, format_hint=options.format_hint, wall=wall)
        self._to_look = list(files)
        self._to_fill: list[str] = []
        self._live: list[str] = []
        """Keys of the files that may be expected to grow."""
        self._choosing = True
        """Whether it is to be thought over what is decoded."""
        self._chosen = float("-inf")
        self._decoding: list[Member] = []
        """Those that have a feed."""
        self._opened: str | None = None
        self._asked: tuple[str, ...] = ()
        self._next_live = self._next_rest = float("-inf")
        self._news: tuple[str, float] | None = None
        self._changed = True
        self._told_at = float("-inf")
        self._told: RunList | None = None

    # --- what is asked of it ---------------------------------------------------------------------

    def open(self, key: str | None) -> None:
        """Show this run from now on, or none; what is known of it comes at once."""
        self._opened = key
        self._changed = True
        member = self._members.get(key) if key is not None else None
        if member is not None and member.snapshot is not None and member.state is not None:
            self._show(member.key, member.snapshot, self._as_followed(member, member.state))
        self._choosing = True
        self._next_rest = float("-inf")  # its folder is to be listened to

    def ask(self, keys: Iterable[str]) -> None:
        """Decode these runs too, until other ones are asked for."""
        self._asked = tuple(keys)
        self._changed = self._choosing = True

    def close(self) -> None:
        """Let go of all files and threads."""
        self._bell.close()
        for member in self._members.values():
            member.stop()

    # --- turns -----------------------------------------------------------------------------------

    def turn(self) -> float:
        """Do what is due, for a moment; seconds to the next turn, at most."""
        until = self._clock() + _WORK
        wait = self._turn_opened()
        self._look_again()
        busy = self._discover(until)
        busy = self._look_first(until) or busy
        if self._choosing:
            self._choose()
        wait = min(wait, self._decode(until))
        if not busy:
            busy = self._fill(until)
        wait = min(wait, self._tell())
        return 0.0 if busy else max(min(wait, self._next_live - self._clock()), 0.0)

    @property
    def looking(self) -> bool:
        """Whether something has not been looked into for the first time."""
        return self._finder.first_round or bool(self._to_look)

    def _turn_opened(self) -> float:
        member = self._members.get(self._opened or "")
        if member is None or not member.decoding:
            return float("inf")
        return self._turn(member)

    def _turn(self, member: Member) -> float:
        """One turn of a run's feed; seconds to its next one."""
        before = member.caught_up
        wait = float("inf")
        with self._edge_of(member):
            wait = member.turn()
        if member.defect is not None:
            return wait
        self._choosing = self._choosing or (member.caught_up and not before)
        if member.caught_up and not member.is_stream and member.key != self._opened:
            wait = _SAFETY_SECONDS  # or when its file has changed
        member.due = self._clock() + wait
        return wait

    @contextmanager
    def _edge_of(self, member: Member) -> Iterator[None]:
        """Whatever goes wrong in a run ends it, as it would end its thread if it had one."""
        try:
            yield
        except Exception as error:  # the others share its thread, and go on
            self._lose(member, error)

    def _lose(self, member: Member, error: Exception) -> None:
        member.defect = sanitise(str(error) or type(error).__name__)
        member.stop()
        self._changed = True
        if member.state is not None and member.snapshot is not None and member.key == self._opened:
            state = member.state._replace(condition="lost", detail=member.defect)
            self._show(member.key, member.snapshot, self._as_followed(member, state))

    # --- finding ---------------------------------------------------------------------------------

    def _discover(self, until: float) -> bool:
        """Look for logs; whether there is more to do."""
        first = self._finder.first_round
        for found in self._finder.find():
            if found is not None and found.path not in self._members:
                name = self._finder.name(found.path)
                member = Member(found.path, name, self._options, path=found.path)
                self._members[member.key] = member
                if not first:
                    self._news = (f"new: {member.name}", self._clock() + _TOLD)
                member.restat(self._clock())
                self._look(member)
            if self._clock() >= until:
                return True
        if first:
            self._changed = True
            self._next_rest = float("-inf")  # the folders that were found are to be listened to
        return False

    # --- looking ---------------------------------------------------------------------------------

    def _look_again(self) -> None:
        """Look at the names of files that may have grown, and at folders, as often as is due."""
        now = self._clock()
        rung = self._bell.take()
        rest, live = now >= self._next_rest, now >= self._next_live
        due = self._members if rest else chain(self._live if live else (), rung)
        for key in list(due):
            member = self._members.get(key)
            if member is not None and member.path is not None and member.restat(now):
                self._note_change(member)
        if live:
            self._next_live = now + _LIVE_BEAT
        if rest or rung:
            self._finder.look_again(rung, everywhere=rest)
        if rest:
            self._choosing = self._choosing or now >= self._chosen + _CHOICE_SECONDS
            self._hear()
            self._next_rest = now + max(_REST_BEAT, _SHARE * (self._clock() - now))

    def _note_change(self, member: Member) -> None:
        self._changed = self._choosing = True
        member.due = 0.0
        if member.gone:
            self._news = (f"{member.name} is gone", self._clock() + _TOLD)
        elif member.key not in self._to_look:
            self._to_look.append(member.key)

    def _look_first(self, until: float) -> bool:
        """Read what is new of the logs that have changed; whether there is more to do."""
        again: list[str] = []
        while self._to_look and self._clock() < until:
            key = self._to_look.pop(0)
            member = self._members[key]
            if member.stamp is None:
                member.restat(self._clock())
            if self._look(member):
                again.append(key)
        self._to_look += again
        return bool(self._to_look)

    def _look(self, member: Member) -> bool:
        more = False
        with self._edge_of(member):
            more = member.look(self._clock(), wall=self._wall())
        if member.defect is not None:
            return False
        self._changed = self._choosing = True
        if member.needs_filling and member.key not in self._to_fill:
            self._to_fill.append(member.key)
        return more

    def _fill(self, until: float) -> bool:
        """Read logs whole of which only the end was read, when nothing else is to be done."""
        while self._to_fill and self._clock() < until:
            member = self._members[self._to_fill[0]]
            more = False
            if member.needs_filling:
                with self._edge_of(member):
                    more = member.fill(self._clock())
            if not more:
                self._to_fill.pop(0)
                self._changed = True
        return bool(self._to_fill)

    def _hear(self) -> None:
        """Listen to the folders where something is most likely to happen."""
        if not self._listen or self._finder.first_round:
            return
        opened = [self._opened] if self._opened is not None else []
        missing = [key for key, member in self._members.items() if member.stamp is None]
        paths = [self._members[key].path for key in chain(opened, self._live, missing)]
        files = [folder_of(path) for path in paths if path is not None]
        self._bell.listen([*files[: len(opened)], *self._finder.folders, *files[len(opened) :]])
        self._listening = True
        if self._told is not None and self._told.following != self._following():
            self._changed = True

    # --- decoding --------------------------------------------------------------------------------

    def _choose(self) -> None:
        """Give feeds to the runs that are to be decoded, and take them from the others."""
        now, wall = self._clock(), self._wall()
        self._choosing, self._chosen = False, now
        self._live = live_of(self._members, now, wall)
        paces = paces_of(
            self._members,
            self._live,
            self._asked,
            self._opened,
            most_live=self._most_live,
            live_seconds=self._live_seconds,
        )
        for member in self._members.values():
            if member.decoding and member.key not in paces:
                member.stop()
        for key, interval in paces.items():
            member = self._members[key]
            early = self._finder.first_round and key != self._opened
            if member.defect is not None or early:
                continue  # decoding takes its time: the list comes first
            if not member.decoding:
                self._start(member)
            member.pace(interval)
            member.show_end(key == self._opened)
        self._decoding = [member for member in self._members.values() if member.decoding]

    def _start(self, member: Member) -> None:
        def take(snapshot: Snapshot, state: SourceState) -> None:
            member.snapshot, member.state = snapshot, state
            self._changed = True
            if member.key == self._opened:
                self._show(member.key, snapshot, self._as_followed(member, state))

        with self._edge_of(member):
            member.start(take, self._clock)

    def _decode(self, until: float) -> float:
        """Give feeds their turns, those that were asked for first; seconds to the next one."""
        now = self._clock()
        soonest = float("inf")
        feeds = [m for m in self._decoding if m.decoding and m.key != self._opened]
        feeds.sort(key=lambda m: (m.key not in self._asked, m.due))
        for member in feeds:
            if member.due <= now and self._clock() < until:
                self._turn(member)
            soonest = min(soonest, member.due)
        return max(soonest - self._clock(), 0.0)

    def _as_followed(self, member: Member, state: SourceState) -> SourceState:
        """The state of a run's source, by the run's name; the fleet's own bell rings for it."""
        named = state._replace(name=member.name)
        if member.path is not None and self._bell.covers(folder_of(member.path)):
            return named._replace(following="events")
        return named

    # --- telling ---------------------------------------------------------------------------------

    def _tell(self) -> float:
        """Publish the list if it has changed and it is time; seconds until it will be."""
        now = self._clock()
        age = _AGE_SECONDS if self._live or self._news is not None else _OLD_SECONDS
        if not self._changed and now < self._told_at + age:
            return self._told_at + age - now
        due = self._told_at + _LIST_SECONDS - now
        if due > 0:
            return due
        self._changed, self._told_at = False, now
        wall = self._wall()
        rows = tuple(member.row(now, wall) for member in self._members.values())
        told = RunList(rows, self.looking, self._following(), self._notice(now))
        if told != self._told:
            self._told = told
            self._publish(told)
        return age

    def _following(self) -> Literal["events", "polling", "none"]:
        if not self._listening:
            return "none"
        paths = [member.path for member in self._members.values() if member.path is not None]
        folders = self._finder.folders or [folder_of(path) for path in paths]
        return "events" if any(map(self._bell.covers, folders)) else "polling"

    def _notice(self, now: float) -> str | None:
        if self._news is not None and now < self._news[1]:
            return self._news[0]
        self._news = None
        unreadable = self._finder.unreadable
        if not unreadable:
            return None
        path, reason = next(iter(unreadable.items()))
        more = len(unreadable) - 1
        others = f" and {more} more" if more else ""
        return sanitise(f"{path}: {reason}{others}")
