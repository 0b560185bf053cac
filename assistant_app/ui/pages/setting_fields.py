"""One input per setting, derived from its declaration: type, range, label, help."""

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from assistant_app.core.text import N_
from assistant_app.i18n import LANGUAGES, _
from assistant_app.ui.no_wheel import NoWheelCombo, NoWheelDouble, NoWheelSpin

CHOICES = {
    "auto": N_("Like the system"),
    "system": N_("Like the system"),
    "light": N_("Light"),
    "dark": N_("Dark"),
    "enter": "Enter",
    "ctrl_enter": "Ctrl+Enter",
    "off": N_("Close it at once"),
    "short": N_("30 seconds"),
    "always": N_("Always"),
    "both": N_("Hold or tap"),
    "hold": N_("Hold only"),
    "toggle": N_("Tap only"),
    "spoken": N_("After spoken questions"),
    "never": N_("Never"),
    **LANGUAGES,
}


def field_widget(name: str, field: FieldInfo, value: Any, changed: Callable[[Any], object]) -> QWidget:
    """Return an input that shows `value` and calls `changed` with each new one."""
    kind = field.annotation
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    if get_origin(kind) is Literal:
        widget: QWidget = _choice(get_args(kind), value, changed)
    elif kind is bool:
        box = QCheckBox()
        box.setChecked(bool(value))
        box.toggled.connect(changed)
        widget = box
    elif kind is int:
        widget = _whole(field, value, changed)
    elif kind is float:
        widget = _fraction(field, value, changed)
    elif extra.get("multiline"):
        text = QPlainTextEdit(str(value))
        text.setTabChangesFocus(True)
        text.setMinimumHeight(84)
        text.setMaximumHeight(140)
        text.textChanged.connect(lambda: changed(text.toPlainText()))
        widget = text
    else:
        line = QLineEdit(str(value))
        line.editingFinished.connect(lambda: changed(line.text()))
        widget = line
    return named(widget, name, field)


def named(widget: QWidget, name: str, field: FieldInfo) -> QWidget:
    """Name an input after its setting, for tests and for people, and let Tab reach it."""
    widget.setObjectName(f"setting_{name}")
    widget.setAccessibleName(_(field.title or name))
    widget.setToolTip(_(field.description) if field.description else "")
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return widget


def _choice(values: tuple[Any, ...], value: Any, changed: Callable[[Any], object]) -> QComboBox:
    box = NoWheelCombo()
    for each in values:
        box.addItem(_(CHOICES.get(str(each), str(each))), each)
    box.setCurrentIndex(box.findData(value))
    box.activated.connect(lambda index: changed(box.itemData(index)))
    return box


def _whole(field: FieldInfo, value: Any, changed: Callable[[Any], object]) -> QSpinBox:
    low, high = _range(field)
    spin = NoWheelSpin()
    spin.setRange(int(low), int(high))
    spin.setValue(int(value))
    spin.setKeyboardTracking(False)
    spin.setMaximumWidth(160)
    spin.valueChanged.connect(changed)
    return spin


def _fraction(field: FieldInfo, value: Any, changed: Callable[[Any], object]) -> QDoubleSpinBox:
    low, high = _range(field)
    spin = NoWheelDouble()
    spin.setRange(low, high)
    spin.setDecimals(2)
    spin.setSingleStep(0.05)
    spin.setValue(float(value))
    spin.setKeyboardTracking(False)
    spin.setMaximumWidth(160)
    spin.valueChanged.connect(changed)
    return spin


def _range(field: FieldInfo) -> tuple[float, float]:
    low, high = -(2.0**31), 2.0**31 - 1
    for limit in field.metadata:
        low = float(getattr(limit, "ge", low))
        high = float(getattr(limit, "le", high))
    return low, high
