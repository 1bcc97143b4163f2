"""What decoded numbers mean: jumps between epochs taken apart, findings, forecasts, their words."""
