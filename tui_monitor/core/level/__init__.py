"""What is likely: the slowly moving level behind noisy batches, live and looking back."""
