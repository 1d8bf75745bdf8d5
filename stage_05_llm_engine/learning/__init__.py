"""How a network learns stories: batches, losses, optimisers, the loop."""
