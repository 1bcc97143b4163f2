"""The outside world: files that grow, saved logs replayed, and the thread that feeds a session."""
