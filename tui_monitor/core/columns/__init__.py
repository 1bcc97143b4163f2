"""Growing columns and packed rows: how much is kept of each print, and at what cost."""
