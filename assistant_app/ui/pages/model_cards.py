"""What pages that list models share: a list that scrolls, and cards with words and buttons."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from assistant_app.i18n import _
from assistant_app.ui.pages.page import Page


class CardList(QScrollArea):
    """Cards below each other; `fill` replaces all of them."""

    def __init__(self, page: Page, name: str, title: str, tooltip: str) -> None:
        super().__init__(page)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(tooltip)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(160)

    def fill(self, name: str, cards: Iterable[QWidget], below: Iterable[QWidget] = ()) -> QWidget:
        """Show `cards` at the top and `below` at the bottom; return the widget that holds them."""
        inside = QWidget()
        inside.setObjectName(name)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        for card in cards:
            layout.addWidget(card)
        layout.addStretch(1)
        for widget in below:
            layout.addWidget(widget)
        self.setWidget(inside)
        return inside


class ModelCard(QFrame):
    """One model: its name, a line about it, whatever is added to `words`, and its buttons.

    Attributes:
        words: What stands below each other at the left.
    """

    def __init__(self, page: Page, name: str, path: str, about: Sequence[str]) -> None:
        super().__init__()
        self._page = page
        self.setObjectName("card")
        self.setAccessibleName(name)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(14, 10, 10, 10)
        self.words = QVBoxLayout()
        self.words.setSpacing(2)
        heading = page.label(name, heading=True)
        heading.setToolTip(path)
        self.words.addWidget(heading)
        self.words.addWidget(page.label(" · ".join(about), role="muted"))
        self._line.addLayout(self.words, 1)

    def add(self, widget: QWidget) -> None:
        """Put a button or a mark at the right end."""
        self._line.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)


def in_use(page: Page) -> QLabel:
    """Return the mark of the chosen model."""
    label = page.label(_("In use"), role="good")
    label.setWordWrap(False)
    return label
