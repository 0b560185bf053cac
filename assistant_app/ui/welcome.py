"""What stands in place of an empty transcript: who this is, and three questions to begin with."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from assistant_app.core.text import N_
from assistant_app.i18n import _
from assistant_app.ui.icons import app_icon

EXAMPLES = (
    N_("What can you do?"),
    N_("What time is it in Tokyo?"),
    N_("How do I add a bigger model?"),
)


class Welcome(QScrollArea):
    """The first-run page and, once that was seen, a shorter one for each new conversation.

    Signals:
        example_chosen: a question that was clicked.
    """

    example_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAccessibleName(_("Welcome"))
        self.setToolTip("")
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        inside = QWidget(self)
        inside.setObjectName("welcome_inside")
        column = QWidget(inside)
        column.setMaximumWidth(560)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(8)
        self._mark = QLabel(column)
        self._mark.setPixmap(app_icon().pixmap(52, 52))
        self._mark.setFixedSize(52, 52)  # the texts below wrap, and the layout would take their room from it
        self._title = QLabel(column)
        self._title.setWordWrap(True)
        self._title.setObjectName("welcome_title")
        self._text = QLabel(column)
        self._text.setObjectName("welcome_text")
        self._text.setWordWrap(True)
        self._text.setProperty("role", "muted")
        layout.addWidget(self._mark)
        layout.addSpacing(2)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addSpacing(10)
        for i, question in enumerate(EXAMPLES):
            card = QPushButton(_(question), column)
            card.setObjectName(f"example_{i}")
            card.setProperty("kind", "card")
            card.setAccessibleName(_(question))
            card.setToolTip(_("Ask this question"))
            card.clicked.connect(lambda _checked=False, text=question: self.example_chosen.emit(_(text)))
            layout.addWidget(card)
        outer = QVBoxLayout(inside)
        outer.addStretch(2)
        outer.addWidget(column, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        self.setWidget(inside)
        column.setMinimumWidth(280)
        self._column = column
        self.show_first_run(False)

    def show_first_run(self, first: bool) -> None:
        """Say who this is at the first start; later only offer questions."""
        self._title.setText(_("Hello, this is Assistant") if first else _("What can I help with?"))
        self._text.setText(
            _(
                "A private assistant that runs on this computer. What you type stays here: no account, no"
                " cloud, no download needed. Just type below, or begin with one of these questions."
            )
            if first
            else _("Everything you type stays on this computer.")
        )
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(font)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._column.setFixedWidth(max(280, min(560, self.viewport().width() - 20)))
