"""What a story says: columns of statements over all sessions and symbols, and plans of them."""
