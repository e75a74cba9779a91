"""Example model files with their small real data sets; data only."""
