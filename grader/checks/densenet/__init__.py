"""Checks of `densenet`."""
