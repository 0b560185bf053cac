# All of pydantic before Qt is there: Qt's import hook breaks modules that pydantic loads lazily.
import assistant_app.settings  # noqa: F401
