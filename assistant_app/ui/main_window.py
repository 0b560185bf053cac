"""The main window: puts the parts together and passes on what they say."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QFont, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from assistant_app.i18n import _
from assistant_app.paths import Paths
from assistant_app.ui.actions import MENUS, ActionSet, Needs
from assistant_app.ui.bridge import Bridge
from assistant_app.ui.composer import Composer
from assistant_app.ui.elided_label import ElidedLabel
from assistant_app.ui.icons import app_icon
from assistant_app.ui.theme import Theme

if TYPE_CHECKING:
    from assistant_app.ui.app_links import AppLinks
    from assistant_app.ui.voice.link import VoiceLink
    from assistant_app.ui.voice.place import PanePlace
    from assistant_app.ui.window_logic import WindowLogic

_LEAST_CONVERSATION = 32
"""Pixels: it can be scrolled; banners, voice and message box cannot."""
_COLUMN = 860
"""Widest that the message box gets, in pixels at 100 %: longer lines are hard to read."""

_SIDEBAR = 190
"""Narrowest that the list gets, in pixels at 100 %."""
_SIZES = (260, 800)
"""Of list and conversation at the first start."""
_UNSEEN_MS = 500
_AFTER_PAINT_MS = 15


class MainWindow(QMainWindow):
    """Holds the widgets; `window_logic.WindowLogic` says what they do to each other.

    Signals:
        painted: the window has been drawn for the first time and can be typed into.
    """

    painted = Signal()

    def __init__(self, bridge: Bridge, theme: Theme, paths: Paths) -> None:
        super().__init__()
        self.bridge = bridge
        self.theme = theme
        self._painted = False
        self._paths = paths
        self._complete = False
        self.logic: WindowLogic
        self.links: AppLinks
        self.voice: VoiceLink
        self._voice_place: PanePlace
        self.state = QSettings(str(paths.config / "window.ini"), QSettings.Format.IniFormat)
        self.setObjectName("main_window")
        self.setWindowTitle(_("Assistant"))
        self.setAccessibleName(_("Assistant"))
        self.setWindowIcon(app_icon())
        self.setMinimumSize(420, 360)
        self.setAcceptDrops(True)
        self.actions_ = ActionSet(self, theme)
        self._build_frame()
        self._build_menus()
        self._restore_layout()

    def _build_frame(self) -> None:
        """Build what can be seen and typed into first; the rest keeps its place free."""
        self._sidebar_place: QWidget = QWidget(self)
        self._sidebar_place.setObjectName("sidebar")
        self._sidebar_place.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._sidebar_place.setMinimumWidth(_SIDEBAR)
        centre = QWidget(self)
        centre.setObjectName("centre")
        self.title = ElidedLabel(centre)
        self.title.setObjectName("conversation_title")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._style_title()
        self.theme.changed.connect(self._style_title)
        self._header = QHBoxLayout()
        self._header.setContentsMargins(8, 6, 8, 2)
        self._header.setSpacing(2)
        self._header.addWidget(self.title, 1)
        self.stack = QStackedWidget(centre)
        self.stack.setObjectName("transcript_area")
        self.composer = Composer(self.actions_, self.theme, centre)
        self._column = QWidget(centre)
        self._column.setMaximumWidth(_COLUMN)
        self._column_layout = QVBoxLayout(self._column)
        self._column_layout.setContentsMargins(14, 4, 14, 6)
        self._column_layout.setSpacing(8)
        self._column_layout.addWidget(self.composer)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.addStretch(1)
        middle.addWidget(self._column, 1000)
        middle.addStretch(1)
        self._centre_layout = QVBoxLayout(centre)
        self._centre_layout.setContentsMargins(0, 0, 0, 0)
        self._centre_layout.setSpacing(0)
        self._centre_layout.addLayout(self._header)
        self.stack.setMinimumHeight(_LEAST_CONVERSATION)
        self._centre_layout.addWidget(self.stack, 1)
        self._centre_layout.addLayout(middle)
        self._status_place = QWidget(centre)
        self._status_place.setFixedHeight(max(18, self.fontMetrics().height()) + 8)
        self._centre_layout.addWidget(self._status_place)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setObjectName("splitter")
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._sidebar_place)
        self.splitter.addWidget(centre)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.setCentralWidget(self.splitter)

    def complete(self) -> None:
        """Build the rest, once the message box is on screen. Does nothing the second time."""
        if self._complete:
            return
        self._complete = True
        from assistant_app.ui.app_links import AppLinks
        from assistant_app.ui.chat import Chat
        from assistant_app.ui.notices import Banners, Toast
        from assistant_app.ui.page_opener import PageOpener
        from assistant_app.ui.sidebar import Sidebar
        from assistant_app.ui.status_line import StatusLine
        from assistant_app.ui.voice.link import VoiceLink
        from assistant_app.ui.voice.place import PanePlace
        from assistant_app.ui.welcome import Welcome
        from assistant_app.ui.window_logic import WindowLogic

        centre = self._column.parentWidget()
        assert centre is not None
        self.actions_.show_icons()
        self.chat = Chat(self.bridge, self)
        self.pages = PageOpener(self.bridge, self.theme, self._paths, self)
        self._header.insertWidget(0, self._tool_button("sidebar"))
        self._header.insertSpacing(1, 6)
        for action_id in ("voice", "prompt", "conversation-settings", "palette"):
            self._header.addWidget(self._tool_button(action_id))
        self.welcome = Welcome(self.stack)
        self.stack.addWidget(self.welcome)
        self.banners = Banners(self.theme, centre)
        self._column_layout.insertWidget(0, self.banners)
        self.status = StatusLine(self.theme, centre)
        self._centre_layout.replaceWidget(self._status_place, self.status)
        self._status_place.deleteLater()
        shown = self._sidebar_place.isVisibleTo(self)
        self.sidebar = Sidebar(self.bridge, self.actions_, self.theme, self)
        self.sidebar.setMinimumWidth(_SIDEBAR)
        self.splitter.replaceWidget(0, self.sidebar)
        self._sidebar_place.deleteLater()
        self._sidebar_place = self.sidebar
        self.sidebar.setVisible(shown)
        self._restore_splitter()
        self.toast = Toast(centre, self._column)
        self._voice_place = PanePlace(self, self.splitter, self._centre_layout, 2)
        self._voice_place.width = int(str(self.state.value("voice_width", 0)))
        self.voice = VoiceLink(self, self._voice_place)
        self.logic = WindowLogic(self)
        self.links = AppLinks(self)
        if self.state.value("voice", "false") == "true":
            self.voice.show_pane(focus=False)
        self.composer.set_ready()

    def _build_menus(self) -> None:
        bar = self.menuBar()
        bar.setAccessibleName(_("Menu"))
        for menu_id, text in MENUS:
            menu = QMenu(_(text), bar)
            menu.setObjectName(f"menu_{menu_id}")
            menu.setToolTipsVisible(True)
            self.actions_.fill_menu(menu, menu_id)
            bar.addMenu(menu)

    def _tool_button(self, action_id: str) -> QWidget:
        button = self.actions_.button(action_id, self)
        button.setIconSize(QSize(20, 20))
        return button

    def _style_title(self) -> None:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(font)

    # --- layout that is kept
    def _restore_layout(self) -> None:
        self.resize(1060, 720)
        geometry = self.state.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        self._restore_splitter()
        shown = self.state.value("sidebar", "true") == "true"
        self._sidebar_place.setVisible(shown)
        self.actions_["sidebar"].setChecked(shown)

    def _restore_splitter(self) -> None:
        kept = self.state.value("splitter")
        if kept is None or not self.splitter.restoreState(kept):
            self.splitter.setSizes(list(_SIZES))

    def save_layout(self) -> None:
        """Remember size and place for the next start."""
        self.state.setValue("geometry", self.saveGeometry())
        if self._complete:
            self.state.setValue("voice", "true" if self.voice.shown else "false")
            # What is kept of the splitter is about list and conversation only.
            self._voice_place.leave()
            self.state.setValue("voice_width", self._voice_place.width)
        self.state.setValue("splitter", self.splitter.saveState())
        self.state.setValue("sidebar", "true" if self._sidebar_place.isVisibleTo(self) else "false")
        self.state.sync()

    # --- what Qt tells
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._painted:  # later it is where the user, or a link that must not be sent, left it
            self.composer.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        # A window that starts minimised is not drawn, but its messages are wanted all the same.
        QTimer.singleShot(_UNSEEN_MS, self, self._on_painted)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            # Not at once: what was typed already comes first.
            QTimer.singleShot(_AFTER_PAINT_MS, self, self._on_painted)

    def _on_painted(self) -> None:
        if not self._painted:
            self._painted = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        # Nothing is asked: text, drafts and what was streamed are stored as they come.
        self.composer.flush_draft()
        self.save_layout()
        if self._complete:
            self.pages.close_all()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        names = [url.toLocalFile() for url in event.mimeData().urls()]
        if self._complete and any(self.logic.takes_file(name) for name in names):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls()]
        event.acceptProposedAction()
        # The drag of the other program ends first.
        QTimer.singleShot(0, self, lambda: self.logic.take_files(files) if self._complete else None)

    def set_enabled_actions(self, given: Needs) -> None:
        """Enable what is possible now."""
        self.actions_.enable(given)

    def come_forward(self) -> None:
        """Show the window in front of all others."""
        self.setWindowState(
            (self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive
        )
        self.show()
        self.raise_()
        self.activateWindow()
