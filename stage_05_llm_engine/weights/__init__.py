"""What becomes of weights: loaded, adapted, kept in four bits, spread, written, exported."""
