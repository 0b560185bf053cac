"""What all pages share: a window that does not block the main one, closes with Esc, says its errors."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from assistant_app.core.errors import AssistantError
from assistant_app.i18n import _, translate
from assistant_app.ui.page_opener import PageOpener


class Page(QDialog):
    """A window with a heading, a body, a line for errors and a row of buttons."""

    def __init__(
        self,
        opener: PageOpener,
        parent: QWidget,
        name: str,
        title: str,
        about: str = "",
        size: tuple[int, int] = (640, 520),
    ) -> None:
        super().__init__(parent)
        self.opener = opener
        self.bridge = opener.bridge
        self.arguments: dict[str, Any] = {}
        self.setObjectName(f"{name}_page")
        self.setAccessibleName(title)
        self.setWindowTitle(title)
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        screen = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(min(size[0], screen.width() - 40), min(size[1], screen.height() - 60))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 16, 20, 14)
        outer.setSpacing(10)
        if about:
            outer.addWidget(self.label(about, role="muted"))
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        outer.addLayout(self.body, 1)
        self.problem = self.label("", role="danger")
        self.problem.setObjectName("page_problem")
        self.problem.hide()
        outer.addWidget(self.problem)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        self.buttons.addStretch(1)
        outer.addLayout(self.buttons)

    # --- parts
    def label(self, text: str, role: str = "", *, heading: bool = False) -> QLabel:
        """Return a label that wraps and whose text can be selected."""
        label = QLabel(text, self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if role:
            label.setProperty("role", role)
        if heading:
            font = QFont(label.font())
            font.setWeight(QFont.Weight.DemiBold)
            label.setFont(font)
        return label

    def button(
        self,
        name: str,
        text: str,
        tooltip: str,
        run: Callable[[], object],
        *,
        kind: str = "",
        in_row: bool = True,
    ) -> QPushButton:
        """Return a button, placed in the row at the bottom unless told otherwise."""
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAccessibleName(text.replace("&", "").rstrip("…"))
        button.setToolTip(tooltip)
        button.setAutoDefault(False)
        if kind:
            button.setProperty("kind", kind)
        button.clicked.connect(lambda: run())
        if in_row:
            self.buttons.addWidget(button)
        return button

    def close_button(self) -> QPushButton:
        """Add the button that closes the page."""
        return self.button("close", _("Close"), _("Close this window (Esc)"), self.close)

    def text_box(self, name: str, title: str, *, fixed: bool = True) -> QPlainTextEdit:
        """Return a read-only box for long text."""
        box = QPlainTextEdit(self)
        box.setObjectName(name)
        box.setAccessibleName(title)
        box.setToolTip(title)
        box.setReadOnly(True)
        box.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        box.setTabChangesFocus(True)
        if fixed:
            font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
            font.setPointSizeF(self.font().pointSizeF())
            box.setFont(font)
        return box

    # --- words
    def show_error(self, error: AssistantError) -> None:
        """Say what went wrong here."""
        self.problem.setText(error.sentence(translate))
        self.problem.show()

    def clear_error(self) -> None:
        """Take the last error away."""
        self.problem.hide()
