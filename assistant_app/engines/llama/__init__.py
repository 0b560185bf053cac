"""The language engine: llama.cpp through its C interface, in a process of its own."""
