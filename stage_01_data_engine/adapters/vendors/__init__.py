"""Sources that are asked over a network: what each vendor says, and what all are asked alike."""
