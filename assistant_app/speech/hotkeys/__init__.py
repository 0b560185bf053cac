"""Keys that are heard in every program: by the desktop's portal, or by watching the keyboard."""
