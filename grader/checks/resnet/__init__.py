"""Checks of `resnet`."""
