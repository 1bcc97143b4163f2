"""What a user wants to be called for, and how that is told beyond the screen."""
