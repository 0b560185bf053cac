"""What macOS sends when a link is clicked; the event is made here, the program that gets it is real."""

import subprocess
import sys

PROGRAM = """
from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QFileOpenEvent
from assistant_app.ui.application import make_application

app = make_application(["assistant-app"])
heard = []
app.link_wanted.connect(heard.append)
def send(url):
    return app.sendEvent(app, QFileOpenEvent(QUrl(url)))

assert send("assistant-app:ask?text=a%20b%0A%E4%BD%A0")
assert heard == []
app.hand_over_links()
assert heard == ["assistant-app:ask?text=a%20b%0A%E4%BD%A0"], heard
assert send("ASSISTANT-APP:open")
assert heard[1:] == ["assistant-app:open"], heard
send("file:///etc/passwd")
send("https://example.org")
app.sendEvent(app, QEvent(QEvent.Type.ApplicationPaletteChange))
assert len(heard) == 2, heard
"""


def test_link_that_comes_early_waits_and_other_things_are_no_links() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
