"""What a user can do, declared once: menus, buttons, tooltips, shortcuts and the palette derive from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Flag, auto

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from assistant_app.core.text import N_
from assistant_app.i18n import _
from assistant_app.ui.icons import icon
from assistant_app.ui.theme import Theme


class Needs(Flag):
    """What must be true for an action to be possible."""

    NOTHING = 0
    CONVERSATION = auto()
    """A stored conversation is open."""
    ANSWERING = auto()
    """An answer is being written in the open conversation, or voice listens or speaks."""
    IDLE = auto()
    """No answer is being written in the open conversation."""
    QUESTION = auto()
    """The open conversation has messages."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing a user can do. Texts are English keys of the translation."""

    id: str
    text: str
    tooltip: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    menu: str = ""
    """Key of MENUS; empty: in no menu."""
    needs: Needs = Needs.NOTHING
    checkable: bool = False
    in_list: bool = False
    """The keys work only while the conversation list has the focus."""


MENUS: tuple[tuple[str, str], ...] = (
    ("file", N_("&File")),
    ("conversation", N_("&Conversation")),
    ("view", N_("&View")),
    ("help", N_("&Help")),
)

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("new", N_("New conversation"), N_("Begin a new conversation"), "new", ("Ctrl+N",), "file"),
    ActionSpec("models", N_("Models…"), N_("See, add and choose models"), "model", ("Ctrl+Shift+M",), "file"),
    ActionSpec(
        "settings",
        N_("Settings…"),
        N_("Change how the assistant looks and answers"),
        "settings",
        ("Ctrl+,",),
        "file",
    ),
    ActionSpec(
        "trash",
        N_("Trash…"),
        N_("See what was deleted and bring it back"),
        "trash",
        ("Ctrl+Shift+T",),
        "file",
    ),
    ActionSpec(
        "transcribe-file",
        N_("Transcribe a file…"),
        N_("Turn a recording into text; or drop it on the window"),
        "audio-file",
        ("Ctrl+Shift+O",),
        "file",
    ),
    ActionSpec(
        "time-machine",
        N_("Time machine…"),
        N_("Bring conversations back as they were on another day"),
        "time-machine",
        ("Ctrl+Shift+H",),
        "file",
    ),
    ActionSpec("quit", N_("Quit"), N_("Close the window; everything is kept"), "quit", ("Ctrl+Q",), "file"),
    ActionSpec(
        "stop",
        N_("Stop"),
        N_("Stop the answer or the voice; what was written is kept"),
        "stop",
        ("Esc",),
        "conversation",
        Needs.ANSWERING,
    ),
    ActionSpec(
        "rename",
        N_("Rename"),
        N_("Give this conversation another title"),
        "rename",
        ("F2",),
        "conversation",
        Needs.CONVERSATION,
    ),
    ActionSpec(
        "pin",
        N_("Pin"),
        N_("Keep this conversation at the top of the list"),
        "pin",
        ("Ctrl+Shift+P",),
        "conversation",
        Needs.CONVERSATION,
        checkable=True,
    ),
    ActionSpec(
        "delete",
        N_("Delete"),
        N_("Put this conversation into the trash"),
        "trash",
        ("Del",),
        "conversation",
        Needs.CONVERSATION,
        in_list=True,
    ),
    ActionSpec(
        "conversation-settings",
        N_("Conversation settings…"),
        N_("System prompt and sampling of this conversation only"),
        "sliders",
        ("Ctrl+Shift+E",),
        "conversation",
        Needs.CONVERSATION,
    ),
    ActionSpec(
        "regenerate",
        N_("Answer again"),
        N_("Ask the model for another answer to the last question"),
        "undo",
        ("Ctrl+R",),
        "conversation",
        Needs.QUESTION | Needs.IDLE,
    ),
    ActionSpec(
        "prompt",
        N_("Show prompt…"),
        N_("See exactly what would be sent to the model"),
        "prompt",
        ("Ctrl+Shift+U",),
        "conversation",
    ),
    ActionSpec(
        "search",
        N_("Search conversations"),
        N_("Find words in titles and in all messages"),
        "search",
        ("Ctrl+F",),
        "view",
    ),
    ActionSpec(
        "focus-message",
        N_("Go to the message box"),
        N_("Put the cursor where you type"),
        "",
        ("Ctrl+L",),
        "view",
    ),
    ActionSpec(
        "sidebar",
        N_("Conversation list"),
        N_("Show or hide the list of conversations"),
        "sidebar",
        ("Ctrl+B",),
        "view",
        checkable=True,
    ),
    ActionSpec(
        "voice",
        N_("Voice"),
        N_("Talk with the assistant: show or hide the voice pane"),
        "voice",
        ("Ctrl+Shift+V",),
        "view",
        checkable=True,
    ),
    ActionSpec(
        "previous", N_("Previous conversation"), N_("Open the conversation above"), "", ("Ctrl+PgUp",), "view"
    ),
    ActionSpec(
        "next", N_("Next conversation"), N_("Open the conversation below"), "", ("Ctrl+PgDown",), "view"
    ),
    ActionSpec("larger", N_("Larger text"), N_("Make all text larger"), "", ("Ctrl++", "Ctrl+="), "view"),
    ActionSpec("smaller", N_("Smaller text"), N_("Make all text smaller"), "", ("Ctrl+-",), "view"),
    ActionSpec(
        "palette",
        N_("Find an action…"),
        N_("Type the name of anything the window can do"),
        "palette",
        ("Ctrl+K",),
        "view",
    ),
    ActionSpec("help", N_("Help"), N_("Read how things work"), "help", ("F1",), "help"),
    ActionSpec(
        "shortcuts",
        N_("Keyboard shortcuts"),
        N_("See every key that does something"),
        "keyboard",
        ("Ctrl+/",),
        "help",
    ),
    ActionSpec(
        "doctor",
        N_("Check this computer…"),
        N_("See what works, what does not, and why"),
        "doctor",
        (),
        "help",
    ),
    ActionSpec("about", N_("About Assistant"), N_("Version and licences"), "info", (), "help"),
)


class ActionSet(QObject):
    """The declared actions as QActions of one window."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._theme = theme
        self._specs = {spec.id: spec for spec in ACTIONS}
        self._actions: dict[str, QAction] = {}
        for spec in ACTIONS:
            action = QAction(_(spec.text), window)
            action.setObjectName(f"action_{spec.id}")
            action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
            action.setToolTip(tooltip(spec))
            action.setStatusTip(_(spec.tooltip))
            action.setCheckable(spec.checkable)
            if spec.id == "quit":
                action.setMenuRole(QAction.MenuRole.QuitRole)
            if not spec.in_list:
                window.addAction(action)
            else:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._actions[spec.id] = action
        self.enable(Needs.NOTHING)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def show_icons(self) -> None:
        """Draw the icons, now and whenever the theme changes."""
        self._recolour()
        self._theme.changed.connect(self._recolour)

    def bind(self, handlers: dict[str, Callable[[], object]]) -> None:
        """Say what each action does; every declared action needs one, so that none is a dead button."""
        missing = self._specs.keys() - handlers.keys()
        if missing:
            raise ValueError(f"actions without a handler: {sorted(missing)}")
        for action_id, handler in handlers.items():
            self._actions[action_id].triggered.connect(lambda _checked=False, run=handler: run())

    def enable(self, given: Needs) -> None:
        """Enable the actions whose needs are `given`."""
        for spec in ACTIONS:
            self._actions[spec.id].setEnabled(spec.needs & given == spec.needs)

    def fill_menu(self, menu: QMenu, menu_id: str) -> None:
        """Add the actions that are declared for a menu, in their order."""
        for spec in ACTIONS:
            if spec.menu == menu_id:
                if spec.id in ("quit", "stop") and not menu.isEmpty():
                    menu.addSeparator()
                menu.addAction(self._actions[spec.id])

    def button(self, action_id: str, parent: QWidget) -> QToolButton:
        """Return a tool button for an action, named for tests and screen readers."""
        button = QToolButton(parent)
        button.setDefaultAction(self._actions[action_id])
        button.setObjectName(f"{action_id}_button")
        button.setAccessibleName(_(self._specs[action_id].text).rstrip("…"))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _recolour(self) -> None:
        colors = self._theme.colors
        for spec in ACTIONS:
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon, colors.text, colors.control))


def tooltip(spec: ActionSpec) -> str:
    """Return what a button says when the pointer rests on it: the sentence and the key."""
    keys = shown_keys(spec)
    return f"{_(spec.tooltip)} ({keys[0]})" if keys else _(spec.tooltip)


def shown_keys(spec: ActionSpec) -> list[str]:
    """Return the keys as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return [QKeySequence(keys).toString(native) for keys in spec.keys]


def specs_of(menu_id: str) -> Iterable[ActionSpec]:
    """Return the declared actions of a menu."""
    return (spec for spec in ACTIONS if spec.menu == menu_id)
