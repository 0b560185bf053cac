"""Collects nothing beside the stand-in: the hook that comes with PyInstaller brings LLVM."""
