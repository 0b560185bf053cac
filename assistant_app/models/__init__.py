"""Models on this computer: their files, whether they fit, which ones there are."""
