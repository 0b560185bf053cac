"""Speech models: the sizes of Whisper and files of one's own; getting, choosing, removing."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from assistant_app.core.errors import AssistantError, Cancelled
from assistant_app.core.events import Event, SpeechModelsChanged
from assistant_app.core.voice import SpeechModelRow
from assistant_app.i18n import _
from assistant_app.own_program import how_to_get_speech, speech_installed
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.model_cards import CardList, ModelCard, in_use
from assistant_app.ui.pages.page import Page
from assistant_app.ui.wording import size


class SpeechModelsPage(Page):
    """One card per model. While one arrives only its bar changes, so that the focus stays where it is."""

    def __init__(self, opener: PageOpener, parent: QWidget) -> None:
        super().__init__(
            opener,
            parent,
            "speech_models",
            _("Speech models"),
            _(
                "A speech model (Whisper) turns what is spoken into text, on this computer. It is downloaded"
                " from its maker, OpenAI, only when you press Get; no account is needed and nothing is sent."
            ),
            (680, 620),
        )
        self._rows: tuple[SpeechModelRow, ...] = ()
        self._bars: dict[str, tuple[QProgressBar, QLabel]] = {}
        self._not_installed = self.label("", role="danger")
        self._not_installed.setObjectName("speech_not_installed")
        self.body.addWidget(self._not_installed)
        self._list = CardList(
            self, "speech_model_list", _("Speech models"), _("The speech models that can be chosen")
        )
        self.body.addWidget(self._list, 1)
        self._add = self.button(
            "add_speech_model",
            _("Add a file…"),
            _("Choose a Whisper file (.pt) on this computer"),
            self._choose_file,
        )
        self.close_button()
        self.bridge.happened.connect(self._on_event)
        self._load()

    def add_file(self, path: Path) -> None:
        """Look at a file, without running anything in it, and add it."""
        self.clear_error()
        self._add.setEnabled(False)
        self._add.setText(_("Looking at it…"))
        self.bridge.ask(lambda api: api.voice.add_speech_model(path), self._on_added, self._on_refused, self)

    def _choose_file(self) -> None:
        dialog = QFileDialog(
            self, _("Add a speech model"), str(Path.home()), _("Whisper files (*.pt);;All files (*)")
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.add_file(Path(name)))
        dialog.open()

    def _on_added(self, row: SpeechModelRow) -> None:
        self._looked_at()
        self.opener.confirmed.emit(_("{name} was added.").format(name=row.name))
        self._load()

    def _on_refused(self, error: AssistantError) -> None:
        self._looked_at()
        self.show_error(error)

    def _looked_at(self) -> None:
        self._add.setEnabled(True)
        self._add.setText(_("Add a file…"))

    def _load(self) -> None:
        # Looked at each time: the engine may be installed while the page is open.
        self._not_installed.setVisible(not speech_installed())
        self._not_installed.setText(_(how_to_get_speech()))
        self.bridge.ask(lambda api: api.voice.speech_models(), self._show, self.show_error, self)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, SpeechModelsChanged):
            self._load()

    # --- cards
    def _show(self, rows: Sequence[SpeechModelRow]) -> None:
        known, self._rows = self._rows, tuple(rows)
        if [_form(row) for row in known] != [_form(row) for row in rows]:
            self._build(rows)
        for row in rows:
            if row.received_bytes is not None and row.id in self._bars:
                bar, words = self._bars[row.id]
                bar.setValue(min(1000, 1000 * row.received_bytes // max(1, row.size_bytes)))
                words.setText(
                    _("{received} of {size}").format(
                        received=size(row.received_bytes), size=size(row.size_bytes)
                    )
                )

    def _build(self, rows: Sequence[SpeechModelRow]) -> None:
        focused = self.focusWidget()
        place = focused.property("model") if focused is not None else None
        scrolled = self._list.verticalScrollBar().value()
        self._bars = {}
        inside = self._list.fill("speech_model_cards", [self._card(row) for row in rows])
        self._list.verticalScrollBar().setValue(scrolled)
        for button in inside.findChildren(QPushButton):
            if place is not None and button.property("model") == place:
                button.setFocus()
                break

    def _card(self, row: SpeechModelRow) -> ModelCard:
        about = [size(row.size_bytes)] if row.size_bytes else []
        if not row.own:
            about.append(_("all languages") if row.multilingual else _("English"))
        if row.recommended:
            about.append(_("recommended for this computer"))
        card = ModelCard(self, row.name, row.path, about)
        card.words.addWidget(self.label(row.note, role="muted" if row.fits else "danger"))
        if row.received_bytes is not None:
            card.words.addLayout(self._progress(row))
        for button in self._buttons(row):
            card.add(button)
        return card

    def _progress(self, row: SpeechModelRow) -> QHBoxLayout:
        layout = QHBoxLayout()
        bar = QProgressBar()
        bar.setObjectName("download_progress")
        bar.setAccessibleName(_("Download of {name}").format(name=row.name))
        bar.setToolTip(_("How much of {name} has arrived").format(name=row.name))
        bar.setRange(0, 1000)
        bar.setTextVisible(False)
        words = self.label("", role="muted")
        words.setWordWrap(False)
        layout.addWidget(bar, 1)
        layout.addWidget(words)
        self._bars[row.id] = (bar, words)
        return layout

    def _buttons(self, row: SpeechModelRow) -> list[QWidget]:
        name = row.name
        if row.received_bytes is not None:
            tip = _("Stop the download of {name}; what has arrived is kept").format(name=name)
            return [self._card_button(row, "stop_download", _("Stop"), tip, lambda: self._stop(row))]
        found: list[QWidget] = []
        if not row.present and not row.own:
            tip = _("Download {name}: {size}").format(name=name, size=size(row.size_bytes))
            kind = "primary" if row.recommended and not any(one.present for one in self._rows) else ""
            get = self._card_button(row, "get_speech_model", _("Get"), tip, lambda: self._get(row), kind)
            return [get]
        if row.chosen:
            found.append(in_use(self))
        elif row.present:
            tip = _("Recognise speech with {name}").format(name=name)
            found.append(
                self._card_button(row, "choose_speech_model", _("Use"), tip, lambda: self._choose(row))
            )
        tip = (
            _("Forget {name}; the file stays where it is").format(name=name)
            if row.own
            else _("Delete the file of {name}; it can be downloaded again").format(name=name)
        )
        found.append(
            self._card_button(row, "remove_speech_model", _("Remove"), tip, lambda: self._remove(row))
        )
        return found

    def _card_button(
        self, row: SpeechModelRow, name: str, text: str, tip: str, run: object, kind: str = ""
    ) -> QPushButton:
        assert callable(run)
        button = self.button(name, text, tip, run, kind=kind, in_row=False)
        button.setAccessibleName(f"{text} {row.name}")
        button.setProperty("model", row.id)
        button.setMinimumSize(QSize(72, 0))
        return button

    # --- what the buttons do
    def _get(self, row: SpeechModelRow) -> None:
        self.clear_error()
        self.bridge.ask(
            lambda api: api.voice.download_speech_model(row.id),
            lambda _none: self.opener.confirmed.emit(_("{name} is here.").format(name=row.name)),
            self._on_broken_off,
            self,
        )

    def _on_broken_off(self, error: AssistantError) -> None:
        if not isinstance(error, Cancelled):
            self.show_error(error)
        self._load()

    def _stop(self, row: SpeechModelRow) -> None:
        self.bridge.ask(lambda api: api.voice.cancel_download(row.id), None, self.show_error, self)

    def _choose(self, row: SpeechModelRow) -> None:
        self.clear_error()
        self.bridge.ask(lambda api: api.voice.choose_speech_model(row.id), None, self.show_error, self)

    def _remove(self, row: SpeechModelRow) -> None:
        self.clear_error()
        self.bridge.ask(lambda api: api.voice.remove_speech_model(row.id), None, self.show_error, self)


def _form(row: SpeechModelRow) -> tuple[object, ...]:
    """Return what decides how a card looks, but for how much has arrived."""
    return (row.id, row.present, row.chosen, row.fits, row.note, row.received_bytes is not None)
