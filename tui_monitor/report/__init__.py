"""The headless face: rows, explanations and frames without a terminal."""
