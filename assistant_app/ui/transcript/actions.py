"""What can be done with a message, declared once: the footer's buttons and the menu derive from it."""

from collections.abc import Callable
from dataclasses import dataclass

from assistant_app.core.conversation import MessageState
from assistant_app.core.text import N_
from assistant_app.ui.transcript.live import LiveMessage

_CONTINUABLE = (MessageState.STOPPED, MessageState.LENGTH, MessageState.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class MessageAction:
    """One thing to do; `fits` says for which messages it is offered."""

    id: str
    text: str
    tooltip: str
    icon: str
    fits: Callable[[LiveMessage], bool]
    in_footer: bool = True


def _answer(live: LiveMessage) -> bool:
    return not live.from_user and not live.writing


ACTIONS = (
    MessageAction("copy", N_("Copy"), N_("Copy as text (Ctrl+C)"), "copy", lambda live: True),
    MessageAction(
        "copyMarkdown", N_("Copy as Markdown"), N_("Copy the source with its marks"), "copy",
        lambda live: True, in_footer=False,
    ),
    MessageAction(
        "readAloud", N_("Read aloud"), N_("Read the answer aloud from its beginning"), "speak",
        lambda live: _answer(live) and not live.spoken and bool(live.text),
    ),
    MessageAction(
        "hush", N_("Stop reading"), N_("Stop reading aloud; the text stays"), "stop",
        lambda live: live.spoken,
    ),
    MessageAction(
        "edit", N_("Edit"), N_("Change the words; this version stays (F2)"), "rename",
        lambda live: not live.writing,
    ),
    MessageAction(
        "regenerate", N_("Regenerate"), N_("Answer again; this answer stays as a version"), "regenerate",
        _answer,
    ),
    MessageAction(
        "continue", N_("Continue"), N_("Go on writing where it stopped"), "continue",
        lambda live: _answer(live) and live.message.state in _CONTINUABLE,
    ),
    MessageAction(
        "previous", N_("Previous version"), N_("Show the version before this one (Alt+Left)"), "previous",
        lambda live: len(live.shown.versions) > 1 and live.shown.version > 1, in_footer=False,
    ),
    MessageAction(
        "next", N_("Next version"), N_("Show the version after this one (Alt+Right)"), "next",
        lambda live: live.shown.version < len(live.shown.versions), in_footer=False,
    ),
    MessageAction(
        "details", N_("Details"), N_("How this answer came about: model, settings, exact prompt"), "info",
        _answer,
    ),
    MessageAction(
        "replay", N_("Replay"), N_("Run it again and compare"), "replay",
        lambda live: _answer(live) and live.message.state is not MessageState.ERROR,
    ),
    MessageAction(
        "delete", N_("Delete"), N_("Put it and everything below into the trash (Del)"), "trash",
        lambda live: not live.writing,
    ),
)  # fmt: skip


def actions_for(live: LiveMessage) -> list[MessageAction]:
    """Return what can be done with a message now."""
    return [action for action in ACTIONS if action.fits(live)]
