"""What a screen draws of a run, kept up to date at the cost of what is new."""
