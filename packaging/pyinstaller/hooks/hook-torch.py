"""Collects of torch what computes on the processor: its libraries, and the modules that are imported.

The hook that comes with PyInstaller takes all modules, their sources, headers and tests as well.
"""

from pathlib import Path

from PyInstaller.utils.hooks import collect_dynamic_libs, get_package_paths

binaries = collect_dynamic_libs("torch", search_patterns=["*.so", "*.so.*", "*.dll", "*.dylib"])
# torch refuses to be imported without this program, although only tensors that processes share need it.
_PROGRAMS = Path(get_package_paths("torch")[1], "bin")
datas = [(str(path), "torch/bin") for path in _PROGRAMS.glob("torch_shm_manager*")]
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]
module_collection_mode = {
    "torch": "pyz",
    # These read their own source while they are imported.
    **{
        f"torch.{name}": "pyz+py"
        for name in (
            "_export.config",
            "_functorch.config",
            "compiler.config",
            "distributed.config",
            "functional",
            "fx.experimental._config",
            "nn.functional",
            "nn.modules.rnn",
            "utils.serialization.config",
        )
    },
}
