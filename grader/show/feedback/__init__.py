"""The page that a student reads after grading: points, what failed and why, what to try, the own answer.

`exporter` is what nbgrader is configured with; it reads points (`grades`), takes the notebook apart (`sections`), says
what became of each check (`states`), and fills `page.html.j2`. Every text of a student's goes through `markup`.
"""
