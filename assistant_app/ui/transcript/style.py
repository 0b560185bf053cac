"""The style sheet of the transcript's small parts, in the colours of a look."""

from assistant_app.ui.markdown.look import Look

MEASURE_PX = 760
"""Longest line of text: about 95 letters."""
SIDE_PX = 24
FOOTER_PX = 30


def style_sheet(look: Look) -> str:
    """Return the rules for everything inside the transcript; they go before the application's."""
    return f"""
#transcriptScroll, #transcriptCanvas {{ background: {look.window.name()}; border: none; }}
QTextBrowser#messageBody {{
  background: transparent; border: none; border-radius: 0; padding: 0; margin: 0; color: {look.text.name()};
  selection-background-color: {look.accent.name()}; selection-color: {look.accent_text.name()};
}}
#messageHeader {{ color: {look.muted.name()}; padding: 0; }}
#messageModel {{ color: {look.text.name()}; font-weight: 600; padding: 0; }}
#messageStatus {{ color: {look.muted.name()}; padding: 2px 0; }}
#errorBox {{ background: {look.danger_back.name()}; border-radius: 10px; }}
#errorText {{ color: {look.danger.name()}; }}
#foldContent {{ border-left: 3px solid {look.border.name()}; }}
QToolButton[role="fold"] {{
  color: {look.muted.name()}; border: 1px solid transparent; border-radius: 7px; padding: 2px 7px 2px 3px;
  background: transparent;
}}
QToolButton[role="fold"][failed="true"] {{ color: {look.danger.name()}; }}
QToolButton[role="fold"]:hover, QToolButton[role="action"]:hover {{ background: {look.hover.name()}; }}
QToolButton[role="action"] {{
  color: {look.muted.name()}; border: 1px solid transparent; border-radius: 7px; padding: 3px 5px;
  background: transparent;
}}
QToolButton[role="fold"]:focus, QToolButton[role="action"]:focus {{ border-color: {look.accent.name()}; }}
#versionLabel {{ color: {look.muted.name()}; }}
#newestButton {{
  background: {look.panel.name()}; color: {look.text.name()}; border: 1px solid {look.control.name()};
  border-radius: 15px; padding: 5px 14px;
}}
#newestButton:hover {{ background: {look.hover.name()}; }}
#newestButton:focus {{ border: 2px solid {look.accent.name()}; padding: 4px 13px; }}
"""
