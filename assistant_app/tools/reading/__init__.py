"""How the words of a user become values: numbers, expressions, durations, moments, places, units."""
