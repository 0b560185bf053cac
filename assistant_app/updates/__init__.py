"""News about updates: where it is, whose signature it bears, what was seen of it. Installs nothing."""
