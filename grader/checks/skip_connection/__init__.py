"""Checks of `skip_connection`."""
