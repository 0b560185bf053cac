"""The Linux packages: from two frozen trees to .deb files, tarballs and the contents of an AppImage."""
