"""The setting that looks for updates: its switch, "Check now", and what came of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from assistant_app.core.errors import AssistantError
from assistant_app.core.updates import NO_KEY, Release, UpdateStatus
from assistant_app.i18n import _, translate
from assistant_app.ui.pages.setting_fields import named
from assistant_app.ui.updates import open_page, update_sentence
from assistant_app.ui.wording import day_and_time

if TYPE_CHECKING:
    from assistant_app.ui.pages.page import Page

Changed = Callable[[Any], object]


def update_field(page: "Page", name: str, field: FieldInfo, value: Any, changed: Changed) -> QWidget:
    """Return the input; it asks the worker, never the server, until its button is pressed."""
    box = QCheckBox(_("Once a day"))
    box.setChecked(bool(value))
    box.toggled.connect(changed)
    return UpdateField(page, named(box, name, field))


class UpdateField(QWidget):
    """A switch and a button, below them one sentence, and the way to a newer version."""

    def __init__(self, page: "Page", switch: QWidget) -> None:
        super().__init__()
        self._page = page
        self._switch = switch
        self._release: Release | None = None
        self._asked = False
        self._now = page.button(
            "check_updates",
            _("Check now"),
            _("Ask now whether there is a newer version"),
            self._check,
            in_row=False,
        )
        self._open = page.button(
            "open_update_page",
            _("Open the page"),
            _("Open the page of the newer version in your browser"),
            self._open_page,
            in_row=False,
        )
        self._says = QLabel(self)
        self._says.setObjectName("update_state")
        self._says.setWordWrap(True)
        self._says.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(switch)
        row.addWidget(self._now)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._says)
        layout.addWidget(self._open, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(switch)
        self._show(None, "")
        self._allow(False)
        page.bridge.ask(lambda api: api.updates.status(), self._show_status, self._show_error, self)

    def _allow(self, possible: bool) -> None:
        self._switch.setEnabled(possible)
        self._now.setEnabled(possible)

    def _show_status(self, status: UpdateStatus) -> None:
        self._allow(status.possible)
        if not status.possible:
            self._show(None, _(NO_KEY))
        elif status.release is not None:
            self._show(status.release, update_sentence(status.release))
        elif status.checked_at:
            sentence = _("Last asked: {when}. There was no newer version.")
            self._show(None, sentence.format(when=day_and_time(status.checked_at)))

    def _check(self) -> None:
        self._asked = True
        self._now.setEnabled(False)
        self._show(None, _("Asking…"))
        self._page.bridge.ask(lambda api: api.updates.check(), self._show_answer, self._show_error, self)

    def _show_answer(self, release: Release | None) -> None:
        self._now.setEnabled(True)
        if release is None:
            self._show(None, _("There is no newer version."))
        else:
            self._show(release, update_sentence(release))

    def _show_error(self, error: AssistantError) -> None:
        self._now.setEnabled(self._switch.isEnabled())
        self._show(None, error.sentence(translate), "danger")

    def _show(self, release: Release | None, sentence: str, role: str = "muted") -> None:
        self._release = release
        self._open.setVisible(release is not None)
        self._says.setText(sentence)
        self._says.setProperty("role", role)
        self._says.style().polish(self._says)
        self._says.setVisible(bool(sentence))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._asked:
            # The answer may be longer than what stood there; it is scrolled to once it has its place.
            QTimer.singleShot(0, self, self._bring_into_view)

    def _bring_into_view(self) -> None:
        area: QWidget | None = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(self)

    def _open_page(self) -> None:
        if self._release is not None:
            open_page(self._release)
