"""Springfield Grader: homework in notebooks, graded behind a trust boundary."""

__version__ = "0.1.0"
