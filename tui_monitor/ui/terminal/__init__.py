"""What passes between the application and the terminal: keys, changed cells, notifications."""
