"""The line below a message: its actions while pointer or keyboard are there, its versions always."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from assistant_app.i18n import _
from assistant_app.ui.icons import icon
from assistant_app.ui.markdown.look import Look
from assistant_app.ui.transcript.actions import ACTIONS, actions_for
from assistant_app.ui.transcript.live import LiveMessage
from assistant_app.ui.transcript.style import FOOTER_PX

_ICON_PX = 17


class MessageFooter(QWidget):
    """Makes its buttons when they are wanted first; its height never changes.

    Signals:
        triggered: the id of an action.
    """

    triggered = Signal(str)

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self._look = look
        self._live: LiveMessage | None = None
        self._wanted = False
        self._buttons: list[QToolButton] = []
        self._actions = QWidget(self)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._row = QHBoxLayout(self._actions)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(1)
        self._versions: QWidget | None = None
        self._layout.addWidget(self._actions)
        self._layout.addStretch(1)
        self.setFixedHeight(FOOTER_PX)
        self.setObjectName("messageFooter")
        self._actions.hide()

    def show_live(self, live: LiveMessage, look: Look) -> None:
        """Fit the buttons to a message."""
        self._live, self._look = live, look
        self._clear()
        if len(live.shown.versions) > 1:
            self._add_versions(live)
        if self._wanted:
            self._fill()

    def set_wanted(self, wanted: bool) -> None:
        """Show or hide the actions."""
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if wanted and not self._buttons:
            self._fill()
        self._actions.setVisible(wanted)

    def focus_action(self, action_id: str) -> None:
        """Give an action the keyboard if it is there."""
        for button in self._buttons:
            if button.objectName().startswith(f"{action_id}Button-"):
                button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _clear(self) -> None:
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons.clear()
        if self._versions is not None:
            self._versions.hide()
            self._versions.deleteLater()
            self._versions = None

    def _fill(self) -> None:
        live = self._live
        if live is None:
            return
        for action in actions_for(live):
            if not action.in_footer:
                continue
            button = self._button(action.id, self._actions)
            self._row.addWidget(button)
            self._buttons.append(button)
            if action.id == "details" and (speed := speed_text(live)):
                button.setText(speed)
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            elif action.id == "continue":
                button.setText(_(action.text))
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._actions.setVisible(self._wanted)

    def _add_versions(self, live: LiveMessage) -> None:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        label = QLabel(f"{live.shown.version}/{len(live.shown.versions)}", holder)
        label.setObjectName("versionLabel")
        label.setToolTip(
            _("Version {number} of {count}").format(number=live.shown.version, count=len(live.shown.versions))
        )
        label.setAccessibleName(label.toolTip())
        before, after = self._button("previous", holder), self._button("next", holder)
        before.setEnabled(live.shown.version > 1)
        after.setEnabled(live.shown.version < len(live.shown.versions))
        row.addWidget(before)
        row.addWidget(label)
        row.addWidget(after)
        self._layout.insertWidget(0, holder)
        self._versions = holder
        holder.show()

    def _button(self, action_id: str, parent: QWidget) -> QToolButton:
        action = next(entry for entry in ACTIONS if entry.id == action_id)
        button = QToolButton(parent)
        message_id = self._live.id if self._live is not None else ""
        button.setObjectName(f"{action.id}Button-{message_id}")
        button.setProperty("role", "action")
        button.setProperty("messageId", message_id)
        button.setAccessibleName(_(action.text))
        button.setToolTip(f"{_(action.text)}: {_(action.tooltip)}")
        button.setIcon(icon(action.icon, self._look.muted.name(), self._look.border.name()))
        button.setIconSize(QSize(_ICON_PX, _ICON_PX))
        button.clicked.connect(lambda: self.triggered.emit(action.id))
        return button


def speed_text(live: LiveMessage) -> str:
    """Return "12.3 tokens/s · 320 tokens", or nothing where it was not measured."""
    usage = live.message.usage
    if usage is None or usage.generated_tokens <= 0:
        return ""
    count = _("{count} tokens").format(count=usage.generated_tokens)
    if usage.tokens_per_s <= 0:
        return count
    return _("{speed} tokens/s").format(speed=f"{usage.tokens_per_s:.1f}") + " · " + count
