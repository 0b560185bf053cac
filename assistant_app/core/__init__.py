"""The domain: conversations, prompts, memory, events. Pure Python, no Qt, no I/O, no engines."""
