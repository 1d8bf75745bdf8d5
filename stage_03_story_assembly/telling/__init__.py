"""How a story is told: words, figures, and the cells of data behind each claim."""
