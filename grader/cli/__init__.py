"""The command `grader`."""

from grader.cli.app import main

__all__ = ["main"]
