"""Markdown as text documents: streamed, bounded in time, and without any access to network or files."""
