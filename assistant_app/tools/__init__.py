"""Built-in tools, one file each; `registry` finds them, `signature` makes a function a tool."""
