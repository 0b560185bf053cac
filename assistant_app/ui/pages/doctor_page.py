"""The findings of the doctor: what works here, what does not, and why."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from assistant_app.i18n import _, ngettext
from assistant_app.ui.icons import pixmap
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page

_Finding = tuple[str, str, bool]


class DoctorPage(Page):
    """One line per check."""

    def __init__(self, opener: PageOpener, parent: QWidget) -> None:
        super().__init__(opener, parent, "doctor", _("Check this computer"), "", (680, 560))
        self._findings: Sequence[_Finding] = ()
        self._verdict = self.label(_("Looking…"), heading=True)
        self.body.addWidget(self._verdict)
        self._area = QScrollArea(self)
        self._area.setObjectName("doctor_list")
        self._area.setAccessibleName(_("Findings"))
        self._area.setToolTip(_("What was checked and what was found"))
        self._area.setWidgetResizable(True)
        self.body.addWidget(self._area, 1)
        self.button("doctor_again", _("Check again"), _("Look at everything once more"), self._load)
        self.button("doctor_copy", _("Copy report"), _("Copy all findings as text"), self._copy)
        self.close_button()
        self._load()

    def _load(self) -> None:
        self.clear_error()
        self._verdict.setText(_("Looking…"))
        self.bridge.ask(lambda api: api.doctor(), self._show, self.show_error, self)

    def _show(self, findings: Sequence[_Finding]) -> None:
        self._findings = findings
        broken = sum(1 for finding in findings if not finding[2])
        self._verdict.setText(
            ngettext("{count} thing needs attention.", "{count} things need attention.", broken).format(
                count=broken
            )
            if broken
            else _("Everything is fine.")
        )
        inside = QFrame()
        inside.setObjectName("doctor_findings")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 4, 8, 4)
        layout.setSpacing(10)
        for title, finding, fine in sorted(findings, key=lambda item: item[2]):
            layout.addLayout(self._line(title, finding, fine))
        layout.addStretch(1)
        self._area.setWidget(inside)

    def _line(self, title: str, finding: str, fine: bool) -> QHBoxLayout:
        colors = self.opener.theme.colors
        mark = QLabel()
        mark.setPixmap(
            pixmap(
                "check" if fine else "warning",
                colors.good if fine else colors.danger,
                18,
                self.devicePixelRatio(),
            )
        )
        mark.setAccessibleName(_("fine") if fine else _("needs attention"))
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.label(title, heading=True))
        words.addWidget(self.label(finding, role="muted" if fine else "danger"))
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        return line

    def _copy(self) -> None:
        lines = [f"[{'ok' if fine else '!!'}] {title}: {finding}" for title, finding, fine in self._findings]
        QGuiApplication.clipboard().setText("\n".join(lines))
