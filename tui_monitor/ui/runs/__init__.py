"""The list of runs, and marked ones compared: each part as rows. Pure."""
