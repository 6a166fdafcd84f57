"""The look's colours for reports: the window's own, by the same names (a test compares them).

The window's theme cannot be imported here, because `core` knows no screen.
"""

LIGHT = {
    "bg0": "#E9EBEF", "bg1": "#F4F5F7", "bg2": "#FFFFFF", "bg3": "#EEF0F3", "bg4": "#E2E5EA",
    "line": "#DFE2E8", "line2": "#C6CBD4", "t1": "#171A20", "t2": "#474E5B", "t3": "#5E6673",
    "accent": "#4653E0", "accent_text": "#3A46C8", "accent_tint": "#E4E7FF",
    "success": "#177245", "success_tint": "#E2F4EA",
    "warning": "#8A5A00", "warning_tint": "#FBF0D9",
    "fault": "#B8253F", "fault_tint": "#FCE4E8",
}  # fmt: skip

DARK = {
    "bg0": "#0E1013", "bg1": "#15171B", "bg2": "#1B1E23", "bg3": "#242830", "bg4": "#2E333C",
    "line": "#2A2E36", "line2": "#3A404B", "t1": "#ECEEF2", "t2": "#B1B7C3", "t3": "#929AA8",
    "accent": "#7C8CFF", "accent_text": "#A3AEFF", "accent_tint": "#262B52",
    "success": "#4CC38A", "success_tint": "#15291F",
    "warning": "#F0B547", "warning_tint": "#2E2614",
    "fault": "#FF7D8A", "fault_tint": "#3A1C22",
}  # fmt: skip

LIGHT_SERIES = ("#2F5FC4", "#8A6A00", "#12735F", "#A5379B", "#B04A12")
DARK_SERIES = ("#6FA8F5", "#F2C14E", "#5FD3B5", "#E58BD1", "#F08A5D")

#: Fingers over photographs: the dark theme's in both themes.
FINGERS_OVER_IMAGERY = {
    "thumb": "#F75A3A", "index": "#FFD23F", "middle": "#5CEFCB", "ring": "#8FBBF8",
    "pinky": "#BE68DC",
}  # fmt: skip

SANS = (
    # Chinese fonts follow the Latin ones: their quotation marks are as wide as their characters.
    'Inter,system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans SC","Noto Sans CJK SC",'
    '"PingFang SC","Microsoft YaHei",sans-serif'
)
MONO = '"JetBrains Mono",ui-monospace,"SF Mono",Consolas,monospace'


def figure_style(*, scope: str = "", own_ground: bool = False) -> str:
    """CSS of every figure's classes, light and dark by what the reader's system prefers.

    Args:
        scope: Selector before each class, such as ".figure ".
        own_ground: Also paint the figure's own background: for a file that stands alone.
    """
    light = _rules(LIGHT, LIGHT_SERIES, scope, own_ground)
    dark = _rules(DARK, DARK_SERIES, scope, own_ground)
    shared = (
        f"{scope}text{{font-family:{SANS};font-feature-settings:'tnum' 1}}"
        f"{scope}.bold{{font-weight:600}}"
    )
    # Paper is white: the dark colours are for screens only.
    return f"{shared}{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _rules(tokens: dict[str, str], series: tuple[str, ...], scope: str, own_ground: bool) -> str:
    rules = {
        "ground": f"fill:{tokens['bg2'] if own_ground else 'none'}",
        "grid": f"stroke:{tokens['t1']};stroke-opacity:.1",
        "axis": f"stroke:{tokens['line2']}",
        "reference": f"stroke:{tokens['t3']};stroke-dasharray:5 4;fill:none",
        "limit": f"stroke:{tokens['warning']};stroke-width:1.25;stroke-dasharray:5 4",
        "t1": f"fill:{tokens['t1']}",
        "t2": f"fill:{tokens['t2']}",
        "t3": f"fill:{tokens['t3']}",
        "sign": f"stroke:{tokens['t1']};fill:none",
        "limit-text": f"fill:{tokens['warning']}",
        "warning": f"fill:{tokens['warning']}",
        "dot": f"fill:{series[0]};fill-opacity:.55;stroke:{series[0]}",
        "bar": f"fill:{series[0]}",
    }
    for index, colour in enumerate(series):
        rules[f"s{index}"] = f"stroke:{colour};fill:none"
    return "".join(f"{scope}.{name}{{{rule}}}" for name, rule in rules.items())
