import shutil
from pathlib import Path

import pytest

from assistant_app import i18n
from assistant_app.core.errors import ModelError, NotFound
from assistant_app.models.catalogue import ModelCatalogue
from assistant_app.paths import Paths
from assistant_app.settings import Settings


class Bench:
    def __init__(self, paths: Paths, bundled: Path) -> None:
        self.paths = paths
        self.settings = Settings()
        self.catalogue = ModelCatalogue(paths, lambda: self.settings, bundled=bundled)
        paths.models.mkdir(parents=True)

    def add(self, *files: Path) -> None:
        self.settings = self.settings.model_copy(update={"model_paths": tuple(map(str, files))})

    def ids(self) -> list[str]:
        return [row.id for row in self.catalogue.rows()]


@pytest.fixture
def bench(paths: Paths, tiny_model: Path) -> Bench:
    return Bench(paths, bundled=tiny_model)


def test_the_pocket_model_is_always_there_and_says_what_it_is(bench: Bench) -> None:
    [row] = bench.catalogue.rows()
    assert (row.id, row.bundled, row.fits, row.chosen) == ("pocket", True, True, True)
    assert row.note == "Tiny: knows this app and its tools, not the world"


def test_models_are_found_in_the_folder_and_among_those_added(
    bench: Bench, tiny_model: Path, tmp_path: Path
) -> None:
    shutil.copy(tiny_model, bench.paths.models / "Found-Q4.gguf")
    elsewhere = tmp_path / "Added-Q8.gguf"
    shutil.copy(tiny_model, elsewhere)
    bench.add(elsewhere)
    assert bench.ids() == ["pocket", "Found-Q4", "Added-Q8"]
    row = bench.catalogue.rows()[1]
    assert row.size_bytes == tiny_model.stat().st_size
    assert row.note.endswith("parameters")


def test_two_files_of_one_name_have_lasting_identifiers(
    bench: Bench, tiny_model: Path, tmp_path: Path
) -> None:
    shutil.copy(tiny_model, bench.paths.models / "m.gguf")
    elsewhere = tmp_path / "m.gguf"
    shutil.copy(tiny_model, elsewhere)
    told = bench.catalogue.inspect(elsewhere).id
    bench.add(elsewhere)
    assert bench.ids() == ["pocket", "m", told]
    assert bench.catalogue.resolve(told).path == elsewhere
    assert bench.catalogue.resolve("m").path == bench.paths.models / "m.gguf"


def test_a_model_is_found_by_identifier_path_and_name(bench: Bench, tiny_model: Path) -> None:
    path = bench.paths.models / "Found-Q4.gguf"
    shutil.copy(tiny_model, path)
    assert bench.catalogue.resolve("Found-Q4").path == path
    assert bench.catalogue.resolve(str(path)).id == "Found-Q4"
    assert bench.catalogue.resolve("found-q4").path == path
    assert bench.catalogue.resolve(str(tiny_model)).id == "pocket"
    with pytest.raises(NotFound, match="no model called nothing"):
        bench.catalogue.resolve("nothing")


def test_a_damaged_file_stays_in_the_list_and_says_why(bench: Bench) -> None:
    (bench.paths.models / "broken.gguf").write_bytes(b"GGUF")
    row = bench.catalogue.rows()[1]
    assert not row.fits
    assert "damaged" in row.fit_sentence
    with pytest.raises(ModelError):
        bench.catalogue.plan("broken")
    with pytest.raises(ModelError):
        bench.catalogue.inspect(Path(row.path))


def test_later_parts_and_projectors_are_no_models_of_their_own(bench: Bench, tiny_model: Path) -> None:
    for name in ("big-00002-of-00003.gguf", "mmproj-model.gguf"):
        shutil.copy(tiny_model, bench.paths.models / name)
    assert bench.ids() == ["pocket"]


def test_a_file_that_changed_is_read_again(bench: Bench, tiny_model: Path) -> None:
    path = bench.paths.models / "m.gguf"
    path.write_bytes(b"GGUF")
    assert not bench.catalogue.rows()[1].fits
    shutil.copy(tiny_model, path)
    assert bench.catalogue.rows()[1].fits


def test_a_plan_carries_the_settings(bench: Bench) -> None:
    bench.settings = Settings(n_ctx=1024, n_threads=3, prompt_state_budget_mb=5)
    plan = bench.catalogue.plan("pocket")
    assert (plan.model_id, plan.n_ctx_tokens, plan.n_threads) == ("pocket", 1024, 3)
    assert plan.state_dir == str(bench.paths.prompt_states)
    assert plan.state_budget_bytes == 5 << 20
    bench.settings = Settings(prompt_state_budget_mb=0)
    assert bench.catalogue.plan("pocket").state_dir == ""


def test_sentences_follow_the_language(bench: Bench) -> None:
    i18n.set_language("zh_CN")
    assert bench.catalogue.rows()[0].note == i18n.translate(
        "Tiny: knows this app and its tools, not the world"
    )


def test_the_pocket_model_brings_its_own_sampling(tmp_path: Path) -> None:
    catalogue = ModelCatalogue(Paths.under(tmp_path), Settings)
    assert catalogue.sampling("pocket")["temperature"] < Settings().temperature
