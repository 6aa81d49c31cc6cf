"""Springfield Grader: homework in notebooks, graded behind a trust boundary."""

import sys

__version__ = "0.1.0"

# While jsonschema is imported it builds a grammar of international addresses (RFC 3987), a second of processor time.
# Without that package it knows no such addresses, and no schema of a notebook asks for one.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
