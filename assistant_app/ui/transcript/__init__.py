"""The transcript: the messages of a conversation, one below the other."""
