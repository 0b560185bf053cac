"""Settings: pages, labels, help and ranges all come from the declarations; a change holds at once."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QScrollArea, QTabWidget, QVBoxLayout, QWidget

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_
from assistant_app.core.views import ToolRow
from assistant_app.i18n import _
from assistant_app.settings import Settings
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.few_shot_editor import FewShotEditor
from assistant_app.ui.pages.page import Page
from assistant_app.ui.pages.setting_fields import field_widget
from assistant_app.ui.pages.tool_switches import ToolSwitches
from assistant_app.ui.pages.update_field import update_field
from assistant_app.ui.pages.voice_fields import VOICE_FIELDS

_PAGES = (
    ("general", N_("General")),
    ("answers", N_("Answers")),
    ("engine", N_("Engine")),
    ("tools", N_("Tools")),
    ("voice", N_("Voice")),
)
_WRITE_DELAY_MS = 400
_OWN_FIELDS = {**VOICE_FIELDS, "look_for_updates": update_field}
"""Settings whose input cannot be derived from their type."""


class SettingsPage(Page):
    """One tab per page of settings; the values are written half a second after the last change."""

    def __init__(self, opener: PageOpener, parent: QWidget, tab: str = "") -> None:
        """Show the settings; `tab` is the identifier of the page to begin with."""
        super().__init__(opener, parent, "settings", _("Settings"), "", (640, 620))
        self._first = tab
        self._changes: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._tabs = QTabWidget(self)
        self._tabs.setObjectName("setting_tabs")
        self._tabs.setAccessibleName(_("Settings"))
        self._tabs.setToolTip(_("Groups of settings (Ctrl+Tab)"))
        self.body.addWidget(self._tabs)
        self.button(
            "reset_settings",
            _("Reset this page"),
            _("Put all settings of this page back to how they came"),
            self._reset,
        )
        self.close_button()
        self._timer = QTimer(self, singleShot=True, interval=_WRITE_DELAY_MS)
        self._timer.timeout.connect(self._write)
        self.finished.connect(lambda _code: self._write())
        self._tools: Sequence[ToolRow] = ()
        self.bridge.ask(lambda api: api.tools(), self._take_tools, self.show_error, self)
        self.bridge.ask(lambda api: api.settings(), self._show, self.show_error, self)

    def _take_tools(self, rows: Sequence[ToolRow]) -> None:
        self._tools = rows

    def closeEvent(self, event: Any) -> None:
        self._write()
        super().closeEvent(event)

    def _show(self, values: dict[str, Any]) -> None:
        self._values = values
        first, self._first = self._first, ""
        ids = [page_id for page_id, _title in _PAGES]
        current = ids.index(first) if first in ids else max(0, self._tabs.currentIndex())
        while self._tabs.count():
            tab = self._tabs.widget(0)
            self._tabs.removeTab(0)
            if tab is not None:
                tab.deleteLater()
        for page_id, title in _PAGES:
            self._tabs.addTab(self._tab(page_id), _(title))
        self._tabs.setCurrentIndex(current)

    def _tab(self, page_id: str) -> QScrollArea:
        inside = QWidget()
        inside.setObjectName(f"settings_{page_id}")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(4, 14, 14, 8)
        layout.setSpacing(4)
        for name in fields_of(page_id):
            field = Settings.model_fields[name]
            heading = self.label(_(field.title or name), heading=True)
            layout.addWidget(heading)
            layout.addWidget(self.label((_(field.description) if field.description else ""), role="muted"))
            value = self._values.get(name, field.default)
            if name == "few_shot":
                editor = FewShotEditor(value, inside)
                editor.setToolTip(_(field.description) if field.description else "")
                editor.changed.connect(lambda pairs: self._change("few_shot", pairs))
                layout.addWidget(editor)
            elif name == "tools_off":
                switches = ToolSwitches(self._tools, value, inside)
                switches.changed.connect(lambda off: self._change("tools_off", off))
                layout.addWidget(switches)
            elif name in _OWN_FIELDS:
                widget = _OWN_FIELDS[name](self, name, field, value, partial(self._change, name))
                heading.setBuddy(widget)
                layout.addWidget(widget)
            else:
                widget = field_widget(name, field, value, partial(self._change, name))
                heading.setBuddy(widget)
                layout.addWidget(widget)
            layout.addSpacing(12)
        layout.addStretch(1)
        area = QScrollArea()
        area.setObjectName(f"settings_area_{page_id}")
        area.setWidgetResizable(True)
        area.setWidget(inside)
        return area

    def _change(self, name: str, value: Any) -> None:
        self._changes[name] = value
        self._timer.start()

    def _write(self) -> None:
        self._timer.stop()
        changes, self._changes = self._changes, {}
        if not changes:
            return
        self.clear_error()
        self._values.update(changes)
        values, opener = dict(self._values), self.opener
        opener.bridge.ask(
            lambda api: api.change_settings(changes),
            lambda _none: opener.settings_changed.emit(values),
            self._on_refused,
            opener,
        )

    def _on_refused(self, error: AssistantError) -> None:
        self.show_error(error)
        self.bridge.ask(lambda api: api.settings(), self._show, self.show_error, self)

    def _reset(self) -> None:
        page_id = _PAGES[self._tabs.currentIndex()][0]
        self._changes.update({name: Settings.model_fields[name].default for name in fields_of(page_id)})
        self._write()
        self._show(self._values)


def fields_of(page_id: str) -> list[str]:
    """Return the names of the settings that a page shows, in the order of their declaration."""
    names = []
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if extra.get("page") == page_id and not extra.get("hidden"):
            names.append(name)
    return names
