"""Bytes to lines as a terminal would show them: encodings, redraws, escapes; the one sanitiser."""
