"""Talking with the window: keys and buttons, the voice pane, dictation, reading aloud."""
