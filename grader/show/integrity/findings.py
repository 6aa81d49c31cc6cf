"""What an integrity report found, in words: for the command line's table and for the teacher's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.language import _
from grader.show.integrity.code import MAX_CODE_CHARACTERS
from grader.show.integrity.report import IntegrityReport


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to talk with students about.

    Attributes:
        what: what is alike, in the language that is spoken.
        students: whom it concerns, by id.
        details: the numbers behind it.
    """

    what: str
    students: tuple[str, ...]
    details: str


def findings(report: IntegrityReport) -> list[Finding]:
    """Everything that stands out, in the language that is spoken."""
    return [*_pairs(report), *_leaks(report), *_decoys(report), *_code(report), *_files(report)]


def _pairs(report: IntegrityReport) -> Iterator[Finding]:
    text = _(
        "{equal} of {total} equal, {expected:.0f} expected (z = {z:.1f}, p = {p:.1g}); both wrong on {both}, the same "
        "way on {same}"
    )
    for pair in report.suspicious_pairs:
        what = (
            _("identical predictions")
            if pair.is_identical
            else _("nearly identical predictions")
            if pair.is_nearly_identical
            else _("predictions agree too often")
        )
        numbers = {"both": pair.both_wrong, "same": pair.same_wrong, "z": pair.z, "p": pair.p}
        details = text.format(equal=pair.equal, total=pair.total, expected=pair.expected, **numbers)
        yield Finding(what, (pair.first, pair.second), details)


def _leaks(report: IntegrityReport) -> Iterator[Finding]:
    text = _("{equal} of {total} as in the list; of its {errors} errors {followed} are followed (p = {p:.1g})")
    for match in report.suspicious_leaks:
        details = text.format(
            equal=match.equal, total=match.total, errors=match.list_errors, followed=match.followed_errors, p=match.p
        )
        yield Finding(_("follows the leaked list"), (match.student,), details)


def _decoys(report: IntegrityReport) -> Iterator[Finding]:
    text = _(
        "of {pairs} test pictures {originals} are named rightly, of their mirrored, cut and coloured copies {copies} "
        "(p = {p:.1g}). A network that has learned the characters hardly minds; a table of known pictures does not "
        "find the copies. Let the author explain how the predictions come about"
    )
    for loss in report.suspicious_decoys:
        numbers = {"pairs": loss.pairs, "originals": loss.originals_right, "copies": loss.decoys_right, "p": loss.p}
        yield Finding(_("fails on altered copies"), (loss.student,), text.format(**numbers))


def _code(report: IntegrityReport) -> Iterator[Finding]:
    text = _("{share:.0%} of the shorter one's own code is found in the other")
    for pair in report.suspicious_code:
        yield Finding(_("shared code"), (pair.first, pair.second), text.format(share=pair.share))
    if report.code.incomplete:
        details = _("the notebook cannot be read, or holds more than {allowed} characters of code").format(
            allowed=MAX_CODE_CHARACTERS
        )
        yield Finding(_("code not compared in full"), report.code.incomplete, details)


def _files(report: IntegrityReport) -> Iterator[Finding]:
    text = _("{names}: {size} bytes, SHA-256 {digest}")
    for same in report.files:
        details = text.format(names=", ".join(sorted(set(same.names))), size=same.size, digest=same.sha256[:16])
        yield Finding(_("the same file"), same.students, details)
