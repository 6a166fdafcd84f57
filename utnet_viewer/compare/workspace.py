"""The Compare workspace: two or more checkpoints over one split, from the figure to the frame."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from core.evaluation.store import Evaluation
from core.hand.hand_model import HandModel
from utnet_viewer.compare.board import KEEP, Board
from utnet_viewer.compare.choice import Choice, keys_of, limits, options_of
from utnet_viewer.compare.comparing import Comparing, Find, Wish
from utnet_viewer.compare.metrics import DEFAULT, METRICS, metric_of
from utnet_viewer.compare.pairs import Pair
from utnet_viewer.compare.result import head_figures, sentence
from utnet_viewer.compare.scatter import NOTHING, Cloud
from utnet_viewer.compare.view import (
    Look,
    alignment_of,
    difference_words,
    extremes,
    figure_words,
)
from utnet_viewer.reading import Index
from utnet_viewer.settings import Settings
from utnet_viewer.state_page import Button
from utnet_viewer.theme import Theme
from utnet_viewer.turns import Turns

#: A comparison that is done sooner shows no progress.
PATIENCE_MS = 300


class CompareWorkspace(Board):
    """Everything of the tab; what leaves it goes out as signals."""

    inspect_wanted = Signal(int)  # row of the open dataset
    said = Signal(str, str)  # sentence for the status bar, its kind
    states_changed = Signal()  # what can be done is something else now

    def __init__(
        self,
        theme: Theme,
        settings: Settings,
        hand_model: HandModel,
        *,
        find: Find,
        parent: QWidget | None = None,
    ) -> None:
        """`find` compares; it is called in a thread."""
        super().__init__(theme, settings, hand_model, name_of=self.name_of, parent=parent)
        self.index: Index | None = None
        self.hand_model = hand_model
        self.evaluations: dict[str, Evaluation] = {}  # of the open split, by key
        self.choice = Choice()
        self.figure = DEFAULT
        self.look: Look | None = None
        self.cloud: Cloud = NOTHING
        self.current = -1  # row of the dataset that is looked at
        self._source: tuple = ()  # what pictures are read of
        self.comparing = Comparing(find, self)
        self.turns = Turns(self)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(lambda: self.head.show_progress(0.0))
        self._steps_losses = False
        self._connect()
        self._restore()
        self.show_message("columns", "Nothing to compare yet", "No dataset is open.", [])

    def _connect(self) -> None:
        head = self.head
        head.first_chosen.connect(lambda key: self.choose(self.choice.with_first(key)))
        head.second_chosen.connect(lambda key: self.choose(self.choice.with_second(key)))
        head.further_toggled.connect(lambda key: self.choose(self.choice.toggled(key)))
        head.metric_chosen.connect(self.use_metric)
        head.swap_wanted.connect(self.swap)
        head.cancel_wanted.connect(self.comparing.cancel)
        self.comparing.changed.connect(self._on_compared)
        self.comparing.progressed.connect(self._on_progress)
        self.reader.pair_ready.connect(self._on_pair)
        self.tabs.changed.connect(lambda _name: self._show_tables())
        self.sequence_table.chosen.connect(lambda key: self._look_at(sequence=key))
        self.joint_table.chosen.connect(lambda key: self._look_at(joint=int(key) if key else -1))
        self.metric_table.chosen.connect(self._on_figure)
        self.model_table.chosen.connect(self._on_model)
        self.scatter.opened.connect(self.open_sample)
        for number, panel in enumerate((self.gains, self.losses)):
            panel.strip.current_changed.connect(
                lambda row, is_loss=bool(number): self._on_strip(row, is_loss)
            )
            panel.strip.opened.connect(self.open_sample)
        self.sample.leave_wanted.connect(lambda: self.show_sample(False))
        self.sample.inspect_wanted.connect(self.inspect)
        self.sample.stepped.connect(self.step)

    # What the window does with it.

    def use_dataset(self, index: Index | None, hand_model: HandModel) -> None:
        """Another split is open, or another hand poses the stored predictions."""
        self.index, self.hand_model = index, hand_model
        self.evaluations, self.look = {}, None
        self.show_sample(False)
        self.sample.use(index, hand_model)
        self.show_message("columns", "Looking for evaluations…", "", [])

    def offer(self, evaluations: Sequence[Evaluation]) -> None:
        """The evaluations of the open split, the newest first."""
        self.evaluations = {evaluation.identity.key: evaluation for evaluation in evaluations}
        self.choose(self.choice.among(evaluations))

    def show_message(self, icon: str, title: str, text: str, buttons: list[Button]) -> None:
        """Words instead of everything: there is nothing to compare."""
        self.comparing.forget()
        self.page.show_message(icon, title, text, buttons)
        self.pages.setCurrentWidget(self.page)
        self.states_changed.emit()

    @property
    def chosen(self) -> tuple[Evaluation, ...]:
        """A, B and the further ones; empty while there are no two."""
        if not all(key in self.evaluations for key in self.choice.keys):
            return ()
        return tuple(self.evaluations[key] for key in self.choice.keys)

    @property
    def is_settled(self) -> bool:
        """Whether everything that will come by itself is there."""
        is_idle = not (self.comparing.is_running or self.turns.is_busy or self.reader.is_busy)
        return is_idle and (not self.shows_sample or self.sample.is_settled)

    def name_of(self, row: int) -> str:
        """``MC1/0012``."""
        chosen = self.chosen
        return str(chosen[0].frame_id(row)) if chosen else ""

    def can(self, what: str) -> bool:
        """Whether there is something to "swap", "metric", "step", "open", "inspect", "leave"."""
        if self.pages.currentWidget() is self.page:
            return False
        has_items = bool(self.gains.strip.items or self.losses.strip.items)
        possible = {
            "step": has_items,
            "open": self.shows_sample or has_items,
            "inspect": self.current >= 0,
            "clear": self.look is not None and bool(self.look.sequence or self.look.joint >= 0),
        }
        return possible.get(what, True)

    # What is compared.

    def choose(self, choice: Choice) -> None:
        """Compare these from now on."""
        self.choice = choice
        chosen = self.chosen
        if not chosen:
            return
        self.pages.setCurrentIndex(0)
        self.settings.put(f"{KEEP}/first", choice.first)
        self.settings.put(f"{KEEP}/second", choice.second)
        options = options_of(list(self.evaluations.values()))
        self.head.show_options(
            options, first=choice.first, second=choice.second, further=choice.further
        )
        self._compare()

    def swap(self) -> None:
        """B becomes the baseline."""
        if self.chosen:
            self.choose(self.choice.swapped())

    def use_metric(self, key: str) -> None:
        """Compare by another figure."""
        if key != self.figure.key:
            self.figure = metric_of(key)
            self.settings.put(f"{KEEP}/metric", key)
            self._show_metric()
            self._compare()

    def _show_metric(self) -> None:
        """In the box, and the hands side by side moved as the figure moves them."""
        self.head.show_metric(self.figure.key)
        self.sample.alignments.set_value(alignment_of(self.figure).value)

    def _on_figure(self, key: str) -> None:
        """A row of the figures; the area under the curve is of all frames, and of none alone."""
        if key in {metric.key for metric in METRICS}:
            self.use_metric(key)

    def next_metric(self) -> None:
        """The next figure of the list."""
        number = (METRICS.index(self.figure) + 1) % len(METRICS)
        self.use_metric(METRICS[number].key)

    def _compare(self) -> None:
        if self.chosen:
            self._patience.start()
            self.comparing.compare(Wish(self.chosen, self.figure.key))

    def _on_progress(self, share: float) -> None:
        if not self._patience.isActive():
            self.head.show_progress(share)

    def _on_model(self, key: str) -> None:
        """A further model that is chosen becomes B."""
        if key in self.choice.further:
            self.choose(self.choice.with_second(key).toggled(self.choice.second))

    def _on_compared(self) -> None:
        comparing, chosen = self.comparing, self.chosen
        if comparing.is_running or not chosen:
            return
        self._patience.stop()
        self.head.show_progress(None)
        if comparing.result is None or comparing.problem:
            note = comparing.problem
            self.head.note.setText(note)
            self.head.note.setVisible(bool(note))
            return
        result = comparing.result
        self.head.say(sentence(result), head_figures(result), note=limits(chosen, self.hand_model))
        kept = self.look
        is_same = kept is not None and keys_of(kept.evaluations) == keys_of(chosen[:2])
        self.look = Look(
            result,
            chosen[:2],
            kept.sequence if is_same else "",
            kept.joint if is_same else -1,
        )
        self._use_reader()
        pieces = (self._show_tables, self._show_sequences, self._show_curves)
        for work in (*pieces, self._show_cloud, self._show_strips):
            self.turns.later(work)
        self.said.emit(f"Paired over {result.overall.count:,} frames.", "success")
        self.states_changed.emit()

    def _use_reader(self) -> None:
        """Pictures are read anew where they are of other evaluations, or these have grown."""
        chosen = self.chosen[:2]
        source = (self.index, self.hand_model, *((e.identity.key, e.done) for e in chosen))
        if source == self._source:
            return
        self._source, self.current = source, -1
        self.reader.use(self.index, chosen, self.hand_model)
        titles = [evaluation.identity.checkpoint_name for evaluation in chosen]
        if titles:
            self.sample.show_names(*titles)

    # What is shown.

    def _show_tables(self) -> None:
        if self.look is not None:
            self.show_tables(self.look.result)

    def _show_sequences(self) -> None:
        self.show_sequences(self.look.result)

    def _show_curves(self) -> None:
        self.show_curves(self.look.result)

    def _show_cloud(self) -> None:
        self.cloud = self.look.cloud()
        self.scatter.show_cloud(self.cloud)
        self.scatter.show_current(self.current)

    def _show_strips(self) -> None:
        look, cloud = self.look, self.cloud
        gains, losses = extremes(look, cloud)
        where = f" in {look.sequence}" if look.sequence else ""
        self.gains.strip.show_items(gains, empty=f"B is better on no frame{where}.")
        self.losses.strip.show_items(losses, empty=f"B is worse on no frame{where}.")
        for panel, words in ((self.gains, "B better"), (self.losses, "B worse")):
            panel.set_subtitle(f"{words} · {cloud.name}{where}" if cloud.name else words)
            panel.strip.show_current(self.current)
        self.states_changed.emit()

    def _look_at(self, *, sequence: str | None = None, joint: int | None = None) -> None:
        """Filter by a sequence, or look at a joint; "" and -1 take that back."""
        if self.look is None:
            return
        self.look = self.look.changed(sequence=sequence, joint=joint)
        self.turns.later(self._show_cloud)
        self.turns.later(self._show_strips)

    def clear(self) -> None:
        """All frames again, and the figure instead of a joint."""
        self.sequence_table.choose("")
        self.joint_table.choose("")

    # The frame that is looked at.

    def _on_strip(self, row: int, is_loss: bool) -> None:
        self._steps_losses = is_loss
        self.go_to(row)

    def go_to(self, row: int) -> None:
        """Look at a frame: marked everywhere, shown side by side where that is open."""
        self.current = row
        self.scatter.show_current(row)
        for panel in (self.gains, self.losses):
            panel.strip.show_current(row)
        self._announce(row)
        strip = self._strip
        position = next((n for n, item in enumerate(strip.items) if item.row == row), -1)
        ahead = [item.row for item in strip.items[position + 1 : position + 2]]
        if self.shows_sample:
            self.reader.want_pairs([row, *(ahead if position >= 0 else [])])
            pair = self.reader.pair(row)
            if pair is not None:
                self.sample.show_pair(pair)
        self.states_changed.emit()

    def _announce(self, row: int) -> None:
        cloud = self.cloud
        (found,) = (cloud.rows == row).nonzero()
        if not len(found):
            return
        first, second = float(cloud.first[found[0]]), float(cloud.second[found[0]])
        self.sample.select(
            row,
            name=self.name_of(row),
            figures=(figure_words(first, cloud.unit), figure_words(second, cloud.unit)),
            difference=f"{difference_words(second - first, cloud.unit)} · {cloud.name}",
        )

    def _on_pair(self, pair: Pair) -> None:
        if self.shows_sample and pair.row == self.current:
            self.sample.show_pair(pair)

    @property
    def _strip(self):
        return (self.losses if self._steps_losses else self.gains).strip

    def step(self, by: int) -> None:
        """The next frame of the gains, or of the losses where those are stepped through."""
        self._strip.step(by)

    def switch_list(self) -> None:
        """Step through the losses instead of the gains, and back."""
        self._steps_losses = not self._steps_losses
        self._strip.setFocus()
        if self._strip.items:
            self._strip.step(0)

    def open_sample(self, row: int) -> None:
        """Show a frame side by side."""
        self.current = row
        self.show_sample(True)

    def toggle_sample(self) -> None:
        """Side by side, or back to the charts."""
        self.show_sample(not self.shows_sample)

    def show_sample(self, is_shown: bool) -> None:
        """Side by side, the frame looked at or the biggest gain; or the charts."""
        if is_shown and self.current < 0:
            strip = self._strip if self._strip.items else self.losses.strip
            if not strip.items:
                return
            self.current = strip.items[0].row
        had_focus = self.upper.isAncestorOf(self.focusWidget() or self)
        self.show_upper(sample=is_shown)
        if is_shown:
            self.go_to(self.current)
        if had_focus or self.focusWidget() is None:
            (self.sample if is_shown else self._strip).setFocus()
        self.states_changed.emit()

    def inspect(self) -> None:
        """Show the frame in Inspect."""
        if self.current >= 0:
            self.inspect_wanted.emit(self.current)

    def keyPressEvent(self, event) -> None:
        """Esc goes one step back: the comparison that runs, the sample, the filter."""
        if event.key() != Qt.Key.Key_Escape or event.modifiers():
            super().keyPressEvent(event)
        elif self.comparing.is_running:
            self.comparing.cancel()
        elif self.shows_sample:
            self.show_sample(False)
        else:
            self.clear()

    # What is remembered.

    def _restore(self) -> None:
        text = self.settings.text
        self.choice = Choice(text(f"{KEEP}/first"), text(f"{KEEP}/second"))
        key = text(f"{KEEP}/metric", DEFAULT.key)
        if key in {metric.key for metric in METRICS}:  # else: of another version
            self.figure = metric_of(key)
        self._show_metric()

    def shut_down(self) -> None:
        """End threads, remember the layout."""
        self._patience.stop()
        self.turns.forget()
        self.comparing.close()
        self.reader.close()
        self.sample.shut_down()
        self.keep_layout()
