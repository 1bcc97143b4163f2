"""Which law a run's numbers obey, and how many samples a batch holds, by the evidence of the prints."""
