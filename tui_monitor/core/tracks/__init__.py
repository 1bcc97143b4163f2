"""One metric of one run: bounds and level of every print, decoded again when more is known."""
