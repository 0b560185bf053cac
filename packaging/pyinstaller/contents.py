"""What goes into the frozen programs, and what does not."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import platforms
from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata, get_package_paths

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

FOLDERS = {"assistant-app": "assistant-app", "assistant-app-speech": "assistant-app-voice"}
"""The folder of each program."""

_LIBRARIES_OF_SPEECH = "torch torchgen whisper silero_vad tiktoken numba llvmlite triton".split()
# Extras of packages, which they look for by name, and test suites.
_NEVER = """
IPython PIL cairosvg colorama ctranslate2 cv2 dask fastapi h5py lib2to3 matplotlib numpy._core.tests
numpy.f2py.tests numpy.testing.tests onnxruntime pandas pip psutil.tests pyarrow pydoc_data pytest scipy
setuptools sklearn sphinx tensorboard tkinter tokenizers torchaudio transformers uncertainties uvicorn
wheel xarray
""".split()
_UNUSED_QT = "Qt3DCore QtCharts QtDesigner QtHelp QtOpenGL QtPdf QtQml QtQuick QtSql QtWebEngineCore".split()
CORE_EXCLUDES = [
    *_NEVER,
    *_LIBRARIES_OF_SPEECH,
    *(f"PySide6.{name}" for name in _UNUSED_QT),
    "assistant_app.engines.whisper",
    # llama-cpp-python's web server and its downloads.
    *"llama_cpp.server huggingface_hub requests urllib3 certifi charset_normalizer".split(),
    "sympy",
    "networkx",
]
# Of torch what compiles, exports or measures models; and what only that imports.
_COMPILERS = """
torch._inductor torch._dynamo torch.onnx torch.utils.tensorboard torch.utils.benchmark sympy mpmath
networkx optree opt_einsum fsspec llvmlite triton
""".split()
_LIBRARIES_OF_THE_WINDOW = """
PySide6 shiboken6 llama_cpp keyring cryptography babel pint ziamath pygments markdown_it sounddevice
soundfile soxr jeepney jinja2 pynput requests urllib3 certifi charset_normalizer sqlite3 readline
""".split()
_ROOMS_OF_THE_WINDOW = """
app app_voice backends cli cli_transcribe doctor doctor_voice engines.llama engines.voice link_command
models selftest speech store talk_command terminal tools ui updates worker
""".split()
SPEECH_EXCLUDES = [
    *_NEVER,
    *_COMPILERS,
    *_LIBRARIES_OF_THE_WINDOW,
    *(f"assistant_app.{name}" for name in _ROOMS_OF_THE_WINDOW),
]
"""Imports inside functions are followed too, so what the other program is for must be named."""

# Devices without a desktop, and GTK's theme: its libraries would have to be those of the system.
_UNUSED_PLUGINS = """
egldeviceintegrations/ generic/ qmltooling/ platforms/libqeglfs. platforms/libqlinuxfb.
platforms/libqminimal platforms/libqvkkhrdisplay. platforms/libqvnc. platformthemes/libqgtk3.
texttospeech/libqtexttospeech_mock.
""".split()
_SETTING_FORMULAS = ("ziamath", "ziafont", "latex2mathml")
_ROOMS_BY_NAME = ("backends", "tools", "ui")
_NOT_NEEDED = (
    *"PySide6/Qt/qml/ llama_cpp/lib/cmake/ llama_cpp/lib/pkgconfig/ llama_cpp/server/ torch/include/".split(),
    *(f"PySide6/Qt/plugins/{name}" for name in _UNUSED_PLUGINS),
)
_NOT_NEEDED_FILES = (
    # Qt's scene graph and what belongs to it, which no window of ours uses.
    *"libQt6Pdf. libQt6Qml libQt6Quick libQt6VirtualKeyboard libqpdf. libqtvirtualkeyboardplugin.".split(),
    # Films: of QtMultimedia only the list of sound devices is used.
    *"libffmpegmediaplugin. libavcodec. libavformat. libavutil. libswscale. libswresample.".split(),
    # Tests of torch, and tools of llama.cpp that the binding does not open.
    *"libtorchbind_test. libjitbackend_test. libbackend_with_compiler. libaoti_custom_ops.".split(),
    "libllama-common.",
)


def wants(program: str) -> bool:
    """Tell whether a program is to be made now; by default all are."""
    return program in os.environ.get("ASSISTANT_FREEZE", " ".join(FOLDERS)).split()


def wanted(entries: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the entries of PyInstaller's table without what is never opened."""
    return [entry for entry in entries if _is_wanted(entry[0].replace(os.sep, "/"))]


def _is_wanted(name: str) -> bool:
    if name.startswith("PySide6/Qt/translations/"):
        return name.rsplit("/", 1)[1].startswith("qtbase_zh_")
    if name.startswith("babel/locale-data/"):
        return name.rsplit("/", 1)[1].split("_")[0].split(".")[0] in ("root", "en", "zh")
    if name.startswith(_NOT_NEEDED) or name.rsplit("/", 1)[-1].startswith(_NOT_NEEDED_FILES):
        return False
    return not name.startswith("torch/bin/") or "torch_shm_manager" in name


def core_datas() -> list[tuple[str, str]]:
    """Return files beside the code: resources, what formulas are set in, what packages say of themselves."""
    named = "llama-cpp-python PySide6-Essentials pydantic markdown-it-py keyring sounddevice".split()
    formulas = [entry for name in _SETTING_FORMULAS for entry in collect_data_files(name)]
    return [(str(ROOT / "resources"), "assistant_app/resources"), *formulas, *_about(named)]


def core_hidden() -> list[str]:
    """Return modules that are imported by their name."""
    return [
        *collect_submodules("keyring.backends"),
        *(name for part in _ROOMS_BY_NAME for name in collect_submodules(f"assistant_app.{part}")),
        "PySide6.QtMultimedia",
        "PySide6.QtTextToSpeech",
        "pygments.formatters.html",
    ]


def speech_datas() -> list[tuple[str, str]]:
    """Return Whisper's tables and silero-vad's weights."""
    whisper, silero = (Path(get_package_paths(name)[1]) for name in ("whisper", "silero_vad"))
    return [
        (str(whisper / "assets"), "whisper/assets"),
        (str(silero / "data" / "silero_vad.jit"), "silero_vad/data"),
        *_about(["openai-whisper", "silero-vad", "torch"]),
    ]


def speech_hidden() -> list[str]:
    """Return modules that are imported by their name."""
    return ["tiktoken_ext", "tiktoken_ext.openai_public", "silero_vad.data"]


def llama_libraries() -> list[tuple[str, str]]:
    """Return llama.cpp's libraries, one back end for each kind of processor: opened by their path."""
    folder = Path(get_package_paths("llama_cpp")[1]) / "lib"
    return [(str(file), "llama_cpp/lib") for file in sorted(folder.iterdir()) if _is_library(file.name)]


def _is_library(name: str) -> bool:
    return any(mark in name for mark in (".so", ".dll", ".dylib", ".metal"))


def _about(names: Iterable[str]) -> list[tuple[str, str]]:
    return [entry for name in names for entry in copy_metadata(name)]


def of_platform(program: str) -> dict[str, object]:
    """Return icon, version and signing options of a program on this platform."""
    return platforms.exe_options(program, sys.platform)


def bundle(program: str) -> dict[str, object]:
    """Return the options of a macOS application."""
    return platforms.bundle_options(program)
