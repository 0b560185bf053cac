"""The window: widgets that show state and emit what the user wants. The only room that imports Qt."""
