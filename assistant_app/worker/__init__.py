"""The background thread: runs every turn, talks to the store and to the engine processes."""
