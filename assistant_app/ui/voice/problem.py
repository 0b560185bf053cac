"""What went wrong with talking, in one sentence, and a button for what to do next."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from assistant_app.i18n import _
from assistant_app.ui.icons import pixmap
from assistant_app.ui.theme import Theme
from assistant_app.ui.voice.wording import RETRY, WayOn, way_on

_MARK_PX = 18


class ProblemBox(QFrame):
    """Hidden while all is well.

    Signals:
        wanted: what the button does: "microphone", "model" or "retry".
    """

    wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._does = ""
        self.code = ""
        """Of what is shown; empty while all is well."""
        self.setObjectName("voice_problem")
        self._mark = QLabel(self)
        self._mark.setFixedSize(QSize(_MARK_PX, _MARK_PX))
        self.text = QLabel(self)
        self.text.setObjectName("voice_problem_text")
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton(self)
        self.button.setObjectName("voice_problem_button")
        self.button.setAutoDefault(False)
        self.button.clicked.connect(lambda: self.wanted.emit(self._does))
        upper = QHBoxLayout()
        upper.setSpacing(8)
        upper.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        upper.addWidget(self.text, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 9, 10, 9)
        layout.setSpacing(8)
        layout.addLayout(upper)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        theme.changed.connect(self._recolour)
        self._recolour()
        self._offer(RETRY)
        self.hide()

    def show_problem(self, code: str, sentence: str) -> None:
        """Say what happened; an empty sentence takes the box away."""
        self.code = code if sentence else ""
        self.setVisible(bool(sentence))
        if not sentence:
            return
        self.text.setText(sentence)
        self.setAccessibleName(sentence)
        way = way_on(code)
        self.button.setVisible(way is not None)
        if way is not None:
            self._offer(way)

    def _offer(self, way: WayOn) -> None:
        self._does = way.does
        self.button.setText(_(way.text))
        self.button.setAccessibleName(_(way.text))
        self.button.setToolTip(_(way.text))

    def _recolour(self) -> None:
        color = self._theme.colors.warn
        self._mark.setPixmap(pixmap("warning", color, _MARK_PX, self.devicePixelRatioF()))
