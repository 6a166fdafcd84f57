"""The bar at the top, from wide to narrow."""

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton

from utnet_viewer.style import apply_theme
from utnet_viewer.theme import Theme
from utnet_viewer.top_bar import TopBar

TABS = ("Inspect", "Train", "Doctor", "Annotate", "Compare")
MENUS = ("File", "Edit", "View", "Run", "Annotate", "Help")


@pytest.fixture
def bar(fonts, qapp, qtbot):
    theme = Theme()
    apply_theme(qapp, theme)  # widths are those of the window, whatever test came before
    bar = TopBar(theme)
    qtbot.addWidget(bar)
    for name in MENUS:
        bar.menus.addMenu(name)
    for name in TABS:
        bar.add_tab(QAction(name, bar, checkable=True), "eye")
    bar.dataset.say("HO3D_v3 / evaluation", hint="HO3D_v3 / evaluation, 20,137 frames")
    bar.model.say("utnet-s2 / epoch 14", hint="utnet-s2 / epoch 14")
    bar.hand.say("stand-in hand", hint="stand-in hand, not MANO")
    bar.device.say("cuda:0", hint="cuda:0, ready", dot="success")
    bar.show()
    return bar


def shorts(bar: TopBar) -> list[bool]:
    return [chip.is_short for chip in (bar.hand, bar.model, bar.dataset, bar.device)]


def hidden_menus(bar: TopBar) -> int:
    more = bar.menus.findChildren(QToolButton, "qt_menubar_ext_button")
    return sum(button.isVisible() for button in more)


def test_chips_lose_their_words_one_by_one_before_a_menu_is_hidden(bar, qtbot):
    seen = []
    for width in range(1700, 1140, -20):
        bar.resize(width, bar.height())
        # What was left out takes effect a turn later.
        qtbot.waitUntil(lambda: hidden_menus(bar) == 0, timeout=5000)
        seen.append(tuple(shorts(bar)))
    assert seen[0] == (False,) * 4 and seen[-1] == (True, True, True, False)
    assert seen == sorted(seen)  # one after the other, none comes back
    assert bar.hand.text().strip() == "stand-in hand" and "MANO" in bar.hand.toolTip()
    bar.resize(1700, bar.height())
    assert shorts(bar) == [False] * 4


def test_a_longer_name_makes_room_by_itself(bar, qtbot):
    bar.dataset.say("short", hint="short")
    bar.resize(1700, bar.height())
    while not bar.hand.is_short:
        bar.resize(bar.width() - 10, bar.height())
        qtbot.wait(0)
    assert not bar.model.is_short
    bar.dataset.say("a much longer name of a dataset", hint="…")
    qtbot.waitUntil(lambda: bar.model.is_short, timeout=5000)
    bar.dataset.say("short", hint="short")
    qtbot.waitUntil(lambda: not bar.model.is_short, timeout=5000)
