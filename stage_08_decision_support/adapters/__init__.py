"""Where the stage meets the outside: the web."""
