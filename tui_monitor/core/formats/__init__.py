"""One module a family of training logs: its grammar, and the laws its numbers may obey."""
