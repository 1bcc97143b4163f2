"""What one run's screen shows and how keys change that: each part as rows. Pure."""
