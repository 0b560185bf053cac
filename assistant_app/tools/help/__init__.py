"""The help pages as passages that can be searched."""
