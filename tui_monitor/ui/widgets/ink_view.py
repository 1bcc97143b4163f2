"""The one widget that everything is drawn with: rows of inked spans, redrawn row by row."""

from __future__ import annotations

from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.app import RenderResult
from textual.filter import ANSIToTruecolor, DimFilter, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_monitor.ui.drawing.glyphs import to_ascii
from tui_monitor.ui.drawing.palette import Ground, Ink, style_of
from tui_monitor.ui.drawing.rows import BLANK, Row
from tui_monitor.ui.monitor.scene import Scene
from tui_monitor.ui.terminal.guest import TerminalApp


class InkView(Widget):
    """Draws rows made by `draw`, and asks for a repaint of those only that have changed.

    The compositor sends whole rows and compares nothing, so rows are the grain of all saving. Where
    nothing is moved they are sent past it.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._scene: Scene | None = None
        self._rows: list[Row] = []
        self._strips: dict[int, Strip] = {}
        self._styles: dict[tuple[Ink, Ground], Style] = {}
        self._line_filters: list[LineFilter] | None = None
        self.brief = False
        """What no eye follows several times a second may be drawn as it was before."""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """The rows to show, at most `height`, each at most `width` cells wide."""
        raise NotImplementedError

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return self._rows

    def show(self, scene: Scene, *, brief: bool = False, moving: bool = False) -> None:
        """Draw another scene; see `brief`. With `moving` the views are being laid out anew."""
        self._scene, self.brief = scene, brief
        self._redraw(moving=moving)

    def _redraw(self, *, moving: bool) -> None:
        width, height = self.size
        if self._scene is None or width < 1 or height < 1:
            return
        rows = self.draw(self._scene, width, height)[:height]
        before, self._rows = self._rows, rows
        changed = [
            y
            for y, (old, new) in enumerate(zip_longest(before, rows, fillvalue=BLANK))
            if old is not new and old != new
        ]
        for y in changed:
            self._strips.pop(y, None)
        app = self.app
        if changed and isinstance(app, TerminalApp) and not moving:
            app.send_rows(self, changed)
        elif changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def on_resize(self) -> None:
        """Lay everything out anew."""
        self._strips.clear()
        self.brief = False
        self._redraw(moving=True)
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget what was drawn in the colours of another theme."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()
        self._line_filters = None

    def render(self) -> RenderResult:
        """Nothing: rows are drawn one by one."""
        return ""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of `crop`.

        A view has no border, padding or opacity, for which Textual goes over every row again.
        """
        strips = [self.render_line(y) for y in crop.line_range]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Row `y` as a strip, kept until it changes."""
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._strip(self._rows[y] if y < len(self._rows) else ())
        return strip

    def _strip(self, row: Row) -> Strip:
        plain = self._style(Ink.PLAIN, Ground.NONE)
        only_ascii = self._scene is not None and self._scene.glyphs.ascii
        segments = [
            Segment(to_ascii(text) if only_ascii else text, self._style(ink, ground))
            for text, ink, ground in row
            if text
        ]
        strip = Strip(segments).adjust_cell_length(self.size.width, plain)
        for line_filter in self._filters():
            strip = strip.apply_filter(line_filter, self.background_colors[1])
        return strip

    def _filters(self) -> list[LineFilter]:
        """The filters that change anything here: inks have true colours, and none is dim."""
        if self._line_filters is None:
            self._line_filters = [
                each
                for each in self.get_line_filters()
                if not isinstance(each, (ANSIToTruecolor, DimFilter))
            ]
        return self._line_filters

    def _style(self, ink: Ink, ground: Ground) -> Style:
        style = self._styles.get((ink, ground))
        if style is None:
            style = style_of(self.app.theme_variables, ink, ground)
            self._styles[ink, ground] = style
        return style
