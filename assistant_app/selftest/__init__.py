"""The self-test: tries every part of an installation and says what came of it, for programs to read."""
