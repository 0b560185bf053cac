"""Models: what there is, what fits, choosing one, adding a file, and where files come from."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from assistant_app.core.events import Event, ModelsChanged
from assistant_app.core.text import N_
from assistant_app.core.views import ModelRow
from assistant_app.i18n import _
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.model_cards import CardList, ModelCard, in_use
from assistant_app.ui.pages.page import Page
from assistant_app.ui.wording import size

_WHERE = N_(
    "Download a file that ends in .gguf, for example from huggingface.co or modelscope.cn: search for “GGUF"
    " instruct” and take a size marked Q4_K_M. A file of 1 to 3 GB suits most computers; it needs about as"
    " much free memory as the file is large. Then add it here or drop it on this window."
)


class ModelsPage(Page):
    """One card per model."""

    def __init__(self, opener: PageOpener, parent: QWidget) -> None:
        super().__init__(
            opener,
            parent,
            "models",
            _("Models"),
            _("A model is one file that does the thinking. It runs on this computer; nothing is sent."),
            (680, 600),
        )
        self.setAcceptDrops(True)
        self._list = CardList(self, "model_list", _("Models"), _("The models that can be chosen"))
        self.body.addWidget(self._list, 1)
        add = self.button(
            "add_model",
            _("Add a model file…"),
            _("Choose a GGUF file on this computer"),
            self._choose_files,
            kind="primary",
        )
        self.button(
            "speech_models",
            _("Speech…"),
            _("The models that turn what is spoken into text"),
            lambda: self.opener.page_wanted.emit("speech-models"),
        )
        self.close_button()
        self.bridge.happened.connect(self._on_event)
        self._load()
        add.setFocus()

    def add_files(self, files: Sequence[Path]) -> None:
        """Look at each file and add it to the models."""
        self.clear_error()
        for file in files:
            self.bridge.ask(
                lambda api, path=file: api.add_model(path),  # type: ignore[misc]
                self._on_added,
                self.show_error,
                self,
            )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def _choose_files(self) -> None:
        dialog = QFileDialog(
            self, _("Add a model file"), str(Path.home()), _("Models (*.gguf);;All files (*)")
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.add_files([Path(name) for name in names]))
        dialog.open()

    def _load(self) -> None:
        self.bridge.ask(lambda api: api.models(), self._show, self.show_error, self)

    def _on_added(self, row: ModelRow) -> None:
        self.opener.confirmed.emit(_("{name} was added.").format(name=row.name))
        self._load()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ModelsChanged):
            self._load()

    def _show(self, rows: Sequence[ModelRow]) -> None:
        where = (
            self.label(_("Where to get a bigger one"), heading=True),
            self.label(_(_WHERE), role="muted"),
        )
        self._list.fill("model_cards", [self._card(row) for row in rows], where)

    def _card(self, row: ModelRow) -> ModelCard:
        about = [size(row.size_bytes)]
        if row.bundled:
            about.append(_("comes with Assistant"))
        if row.note:
            about.append(row.note)
        card = ModelCard(self, row.name, row.path, about)
        if row.fit_sentence:
            card.words.addWidget(self.label(row.fit_sentence, role="good" if row.fits else "danger"))
        if row.chosen:
            card.add(in_use(self))
        elif not row.fits and row.size_bytes:
            anyway = self.button(
                "load_anyway",
                _("Use anyway"),
                _("Load {name} although it may not fit into memory; the computer may become slow").format(
                    name=row.name
                ),
                lambda: self._choose(row, anyway=True),
                in_row=False,
            )
            anyway.setAccessibleName(_("Use {name} anyway").format(name=row.name))
            card.add(anyway)
        else:
            choose = self.button(
                "choose_model",
                _("Use"),
                _("Answer new conversations with {name}").format(name=row.name),
                lambda: self._choose(row),
                in_row=False,
            )
            choose.setAccessibleName(_("Use {name}").format(name=row.name))
            choose.setMinimumSize(QSize(72, 0))
            card.add(choose)
        if not row.bundled:
            remove = self.button(
                "remove_model",
                _("Remove"),
                _("Forget {name}; the file stays where it is").format(name=row.name),
                lambda: self._remove(row),
                in_row=False,
            )
            remove.setAccessibleName(_("Remove {name}").format(name=row.name))
            card.add(remove)
        return card

    def _choose(self, row: ModelRow, *, anyway: bool = False) -> None:
        self.clear_error()
        self.bridge.ask(
            lambda api: api.choose_model(row.id, anyway=anyway),
            lambda _none: self._load(),
            self.show_error,
            self,
        )

    def _remove(self, row: ModelRow) -> None:
        self.clear_error()
        self.bridge.ask(
            lambda api: api.remove_model(row.id), lambda _none: self._load(), self.show_error, self
        )
