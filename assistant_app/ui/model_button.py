"""The chip that names the model and lets one choose another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from assistant_app.i18n import _
from assistant_app.ui.icons import icon
from assistant_app.ui.theme import Theme

if TYPE_CHECKING:
    from assistant_app.core.views import ModelRow

_LONGEST = 28


class ModelButton(QToolButton):
    """Shows the model of the open conversation.

    Signals:
        chosen: identifier of another model.
        manage_wanted: the user wants the Models page.
    """

    chosen = Signal(str)
    manage_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("model_button")
        self.setAccessibleName(_("Model"))
        self.setToolTip(_("The model that answers; choose another one (Alt+M)"))
        self.setShortcut("Alt+M")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self.show_models((), "")
        self._recolour()
        theme.changed.connect(self._recolour)

    def show_models(self, rows: Sequence["ModelRow"], current: str) -> None:
        """Offer these models; `current` is the identifier of the one in use ("" for the chosen one)."""
        self._menu.clear()
        group = QActionGroup(self._menu)
        name = ""
        for row in rows:
            in_use = row.id == current if current else row.chosen
            action = QAction(row.name.replace("&", "&&"), self._menu)
            action.setCheckable(True)
            action.setChecked(in_use)
            action.setToolTip(" ".join(part for part in (row.note, row.fit_sentence) if part) or row.path)
            action.triggered.connect(lambda _checked=False, model_id=row.id: self.chosen.emit(model_id))
            group.addAction(action)
            self._menu.addAction(action)
            if in_use:
                name = row.name
        if rows:
            self._menu.addSeparator()
        manage = self._menu.addAction(_("Models…"))
        manage.setToolTip(_("See, add and choose models"))
        manage.triggered.connect(lambda: self.manage_wanted.emit())
        shown = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        self.setText((shown or current or _("Model")).replace("&", "&&"))
        self.setAccessibleDescription(name)

    def _recolour(self) -> None:
        self.setIcon(icon("model", self._theme.colors.muted))
