"""What lines say, placed in runs and epochs, without a look at the numbers."""
