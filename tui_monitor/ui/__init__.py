"""The screen: it draws what the session publishes and decides nothing."""
