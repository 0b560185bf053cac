"""Which models there are on this computer: the bundled one, the models folder, files added by the user."""

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from assistant_app.core.errors import ModelError, NotFound
from assistant_app.core.generation import LoadPlan
from assistant_app.core.text import N_
from assistant_app.core.views import ModelRow
from assistant_app.i18n import _
from assistant_app.models import fit
from assistant_app.models.gguf import GgufHeader, read_header
from assistant_app.paths import Paths, resources
from assistant_app.settings import Settings

POCKET_ID = "pocket"
_POCKET_NAME = "Pocket"
_POCKET_NOTE = N_("Tiny: knows this app and its tools, not the world")
_LATER_PART = re.compile(r".+-(?!00001)\d{5}-of-\d{5}\.gguf", re.IGNORECASE)


class ResolvedModel(NamedTuple):
    """A model that was asked for, found. Its file has not been judged yet."""

    id: str
    name: str
    """The file's name: unlike the name in its header it tells quantisations apart."""
    path: Path


class ModelCatalogue:
    """Lists and finds models, from any thread. Headers are read once per version of a file."""

    def __init__(self, paths: Paths, settings: Callable[[], Settings], bundled: Path | None = None) -> None:
        """Prepare; nothing is read.

        Args:
            paths: Where the user's models lie.
            settings: Returns the settings in force.
            bundled: The pocket model; None for the one that ships with the application.
        """
        self._paths = paths
        self._settings = settings
        self._bundled = bundled or resources() / "models" / "pocket.gguf"
        self._headers: dict[Path, tuple[tuple[int, int], GgufHeader]] = {}

    def rows(self) -> list[ModelRow]:
        """Return every model, the bundled one first; files that cannot be used say why."""
        chosen = self._settings().model
        return [self._row(model, chosen) for model in self._models()]

    def resolve(self, wanted: str) -> ResolvedModel:
        """Return the model with this identifier, name or path. Raises NotFound."""
        models = list(self._models())
        for model in models:
            if model.id == wanted:
                return model
        path = Path(wanted).expanduser()
        if path.suffix.lower() == ".gguf" or path.is_file():
            absolute = path.absolute()
            for model in models:
                if model.path == absolute:
                    return model
            return ResolvedModel(str(absolute), absolute.stem, absolute)
        for model in models:
            if model.name.casefold() == wanted.casefold():
                return model
        raise NotFound(
            N_("There is no model called {name} here; choose another one under Models."), name=wanted
        )

    def header(self, path: Path) -> GgufHeader:
        """Return what a file says about its model. Raises ModelError."""
        try:
            status = path.stat()
        except OSError:
            return read_header(path)
        version = (status.st_size, status.st_mtime_ns)
        known = self._headers.get(path)
        if known is None or known[0] != version:
            known = self._headers[path] = (version, read_header(path))
        return known[1]

    def inspect(self, path: Path) -> ModelRow:
        """Return the row that a file would have, after judging it, before it is added. Raises ModelError."""
        absolute = path.expanduser().absolute()
        self.header(absolute)
        for model in self._models():
            if model.path == absolute:
                return self._row(model, self._settings().model)
        taken = {model.id for model in self._models()}
        identifier = absolute.stem if absolute.stem not in taken else _told_apart(absolute)
        return self._row(ResolvedModel(identifier, absolute.stem, absolute), chosen="")

    def plan(self, wanted: str) -> LoadPlan:
        """Return how to load a model under the settings in force, its header judged.

        Raises:
            NotFound: There is no such model.
            ModelError: Its file cannot be used.
        """
        model = self.resolve(wanted)
        self.header(model.path)
        settings = self._settings()
        budget = settings.prompt_state_budget_mb << 20
        return LoadPlan(
            model_id=model.id,
            name=model.name,
            path=str(model.path),
            n_ctx_tokens=settings.n_ctx,
            n_threads=settings.n_threads,
            state_dir=str(self._paths.prompt_states) if budget else "",
            state_budget_bytes=budget,
            ignore_memory=str(model.path) in settings.oversized_models,
        )

    def sampling(self, wanted: str) -> Mapping[str, float]:
        """Return the sampling that a model's makers recommend. Raises NotFound, ModelError."""
        return self.header(self.resolve(wanted).path).sampling

    def _models(self) -> Iterator[ResolvedModel]:
        """Yield each model once. The identifier is the file's name without its ending.

        Of two files with one name the one in the models folder keeps it; the identifier of the
        other is told apart by its path, so that it does not change when models come and go.
        """
        yield ResolvedModel(POCKET_ID, _POCKET_NAME, self._bundled)
        taken = {POCKET_ID}
        seen = {self._bundled}
        for path in self._files():
            if path in seen:
                continue
            seen.add(path)
            identifier = path.stem
            if identifier in taken:
                identifier = _told_apart(path)
            taken.add(identifier)
            yield ResolvedModel(identifier, path.stem, path)

    def _files(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            for path in sorted(self._paths.models.rglob("*.gguf")):
                if not _LATER_PART.fullmatch(path.name) and "mmproj" not in path.name.lower():
                    yield path.absolute()
        for added in self._settings().model_paths:
            yield Path(added).expanduser().absolute()

    def _row(self, model: ResolvedModel, chosen: str) -> ModelRow:
        bundled = model.id == POCKET_ID
        note = _(_POCKET_NOTE) if bundled else ""
        try:
            header = self.header(model.path)
        except ModelError as error:
            return ModelRow(
                id=model.id,
                name=model.name,
                path=str(model.path),
                size_bytes=0,
                bundled=bundled,
                note=note,
                fits=False,
                fit_sentence=error.sentence(_),
                chosen=model.id == chosen,
            )
        fitting = fit.check(header, self._settings().n_ctx)
        return ModelRow(
            id=model.id,
            name=model.name,
            path=str(model.path),
            size_bytes=header.size_bytes,
            bundled=bundled,
            note=note or _(N_("{parameters} parameters")).format(parameters=_count(header.n_params)),
            fits=fitting.fits,
            fit_sentence=_(fitting.template).format(**fitting.params) if fitting.template else "",
            chosen=model.id == chosen,
        )


def _told_apart(path: Path) -> str:
    return f"{path.stem}-{sha256(os.fsencode(path)).hexdigest()[:8]}"


def _count(n: int) -> str:
    """Return a number of parameters the way models are named: 360M, 7.2B."""
    for unit, size in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if n >= size:
            return f"{n / size:.3g}{unit}"
    return str(n)
