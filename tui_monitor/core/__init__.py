"""The pure core: bytes in, decoded series and explanations out. No clock, file or screen."""
