"""Numbers and words as rows of inked cells: inks, signs, axes, charts, pictures. Pure."""
