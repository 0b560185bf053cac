"""The speech engine: Whisper in a process of its own, quick on short utterances."""
