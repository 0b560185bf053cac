"""Windows beside the main one: each opens when asked for and is imported only then."""
