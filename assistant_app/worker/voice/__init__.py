"""Talking and reading aloud on the worker's loop."""
