"""Opening a page of the window."""

from typing import Literal

from assistant_app.core.events import PageWanted
from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool

Page = Literal["models", "settings", "shortcuts", "help", "trash", "time-machine", "about", "doctor"]


@tool(
    order=120,
    risk=Risk.READ,
    title=N_("Open a page"),
    summary=N_("Opens a page of this window: models, settings, help, trash and others."),
)
async def open_page(services: Services, page: Page) -> str:
    """Open a page of the application.

    Args:
        page: which page
    """
    if not services.has_window:
        raise ToolError(
            N_("There is no window here, so no page can be opened; start Assistant without a command.")
        )
    services.emit(PageWanted(page))
    return page
