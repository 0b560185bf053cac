"""Sound in and out: microphones, recordings, sound files, what is read aloud. No Qt, no engines."""
