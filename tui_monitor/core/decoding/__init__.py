"""One run decoded: where its prints stand, by which law, and the rows that come of it."""
