"""Whole screens, laid out from widgets."""
