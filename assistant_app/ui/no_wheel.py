"""Inputs that a page can be scrolled past: the wheel does not change them.

No more than Qt is imported here: a window that has just appeared cannot wait for the settings.
"""

from typing import Any

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox


class NoWheelSpin(QSpinBox):
    """A number that scrolling past does not change."""

    def wheelEvent(self, event: Any) -> None:
        event.ignore()


class NoWheelDouble(QDoubleSpinBox):
    """A fraction that scrolling past does not change."""

    def wheelEvent(self, event: Any) -> None:
        event.ignore()


class NoWheelCombo(QComboBox):
    """A choice that scrolling past does not change."""

    def wheelEvent(self, event: Any) -> None:
        event.ignore()
