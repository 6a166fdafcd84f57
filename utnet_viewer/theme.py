"""Colours, type and measures, each named once; light and dark share the geometry."""

from dataclasses import dataclass, fields
from functools import lru_cache

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont


@dataclass(frozen=True)
class Palette:
    """The colour tokens of one theme, as hex strings."""

    bg0: str
    bg1: str
    bg2: str
    bg3: str
    bg4: str
    field: str
    line: str
    line2: str
    t1: str
    t2: str
    t3: str
    accent: str
    on_accent: str
    accent_text: str
    accent_tint: str
    success: str
    success_tint: str
    warning: str
    warning_tint: str
    fault: str
    fault_tint: str
    thumb: str
    index: str
    middle: str
    ring: str
    pinky: str
    series: tuple[str, ...]

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        """The colour of a token, such as ``palette.colour("line2", 0.5)``."""
        colour = QColor(getattr(self, token))
        colour.setAlphaF(alpha)
        return colour


DARK = Palette(
    bg0="#0E1013", bg1="#15171B", bg2="#1B1E23", bg3="#242830", bg4="#2E333C", field="#14161A",
    line="#2A2E36", line2="#3A404B", t1="#ECEEF2", t2="#B1B7C3", t3="#929AA8",
    accent="#7C8CFF", on_accent="#0B0D1F", accent_text="#A3AEFF", accent_tint="#262B52",
    success="#4CC38A", success_tint="#15291F", warning="#F0B547", warning_tint="#2E2614",
    fault="#FF7D8A", fault_tint="#3A1C22",
    thumb="#F75A3A", index="#FFD23F", middle="#5CEFCB", ring="#8FBBF8", pinky="#BE68DC",
    series=("#6FA8F5", "#F2C14E", "#5FD3B5", "#E58BD1", "#F08A5D"),
)  # fmt: skip

LIGHT = Palette(
    bg0="#E9EBEF", bg1="#F4F5F7", bg2="#FFFFFF", bg3="#EEF0F3", bg4="#E2E5EA", field="#FFFFFF",
    line="#DFE2E8", line2="#C6CBD4", t1="#171A20", t2="#474E5B", t3="#5E6673",
    accent="#4653E0", on_accent="#FFFFFF", accent_text="#3A46C8", accent_tint="#E4E7FF",
    success="#177245", success_tint="#E2F4EA", warning="#8A5A00", warning_tint="#FBF0D9",
    fault="#B8253F", fault_tint="#FCE4E8",
    thumb="#8F2A12", index="#A08C12", middle="#147062", ring="#003E8A", pinky="#CF3CCB",
    series=("#2F5FC4", "#8A6A00", "#12735F", "#A5379B", "#B04A12"),
)  # fmt: skip

#: Over photographs and meshes the dark theme's fingers are used in both themes.
OVER_IMAGERY = DARK

#: Surface error in mm from 0 to `ERROR_RANGE_MM`; above, it clamps and the bar says so.
ERROR_COLOURS = ("#EDE9E0", "#EFBF7C", "#D47A66", "#8F4A86", "#3B1F72")
ERROR_RANGE_MM = 20.0

GUTTER, PADDING, PANEL_RADIUS, CONTROL_RADIUS, TAG_RADIUS = 6, 12, 8, 6, 5
TOP_BAR, PANEL_HEADER, TIMELINE, STATUS_BAR = 46, 38, 46, 28
CONTROL, ICON_BUTTON, SEGMENT, TABLE_ROW, TABLE_HEAD, ICON = 28, 26, 26, 28, 28, 16
SIZE_AXIS, SIZE_LABEL, SIZE_BODY, SIZE_TITLE, SIZE_READOUT = 11, 12, 13, 15, 22


class Theme(QObject):
    """The palette in use; panels repaint themselves on `changed`."""

    changed = Signal()

    def __init__(self, palette: Palette = DARK) -> None:
        super().__init__()
        self._palette = palette

    @property
    def palette(self) -> Palette:
        """The colours to paint with now."""
        return self._palette

    @property
    def is_dark(self) -> bool:
        """Whether the dark palette is in use."""
        return self._palette is DARK

    def use(self, palette: Palette) -> None:
        """Switch the palette and tell everybody."""
        if palette is not self._palette:
            self._palette = palette
            self.changed.emit()


def ui_font(size_px: int = SIZE_BODY, weight: int = 400) -> QFont:
    """Inter with tabular figures."""
    return QFont(_inter(size_px, weight))  # a copy shares what Qt has found out about the font


@lru_cache(maxsize=64)
def _inter(size_px: int, weight: int) -> QFont:
    font = QFont("Inter")
    font.setPixelSize(size_px)
    font.setWeight(QFont.Weight(weight))
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono_font(size_px: int = SIZE_LABEL) -> QFont:
    """JetBrains Mono, for filters, differences and logs."""
    font = QFont("JetBrains Mono")
    font.setPixelSize(size_px)
    return font


def tokens(palette: Palette) -> dict[str, str]:
    """The palette's single colours by name, for style sheets."""
    return {f.name: getattr(palette, f.name) for f in fields(palette) if f.name != "series"}
