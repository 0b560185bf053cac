"""The voice engine: reads text aloud, in a process of its own."""
