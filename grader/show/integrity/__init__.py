"""What a teacher may want to look at: predictions, code and weights that are more alike than chance explains.

A finding is a reason to talk with students, never a proof, and never changes a point.
"""
