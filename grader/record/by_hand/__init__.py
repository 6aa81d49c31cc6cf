"""Points, comments and answers that a teacher gives: applied to nbgrader's gradebook, and shown on the page.

The gradebook holds what counts. The class database has a copy of answers and points for the page, and what the page
wrote. The copy is made again whenever something was recorded or the gradebook has changed, by formgrader for example.
"""
