"""What windows may ask about updates. Every method runs on the worker's asyncio loop."""

from typing import Protocol

from assistant_app.core.updates import Release, UpdateStatus


class UpdateApi(Protocol):
    """News about newer versions. Raises AssistantError only; a found one comes as UpdateFound, too."""

    async def status(self) -> UpdateStatus:
        """Return what is known without asking anybody."""

    async def check(self) -> Release | None:
        """Ask the server now, whatever the setting says; return the newer release, if there is one."""

    async def dismiss(self, version: str) -> None:
        """Say nothing more about this version by itself."""
