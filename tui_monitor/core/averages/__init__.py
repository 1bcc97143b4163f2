"""Averaging laws, and what a rounded mean says for certain of the batches behind it."""
