"""Where a network fails, as HTML: one text for the student's page on the leaderboard and for the feedback.

It loads and runs nothing: thumbnails are `data:` addresses, and every name is escaped.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from grader.language import _, ngettext, percent
from grader.scoring.failures import Confused, Failures, Mistake, Recall

MOST_PAIRS, WORST = 8, 10
_JPEG = b"\xff\xd8\xff"
_LEAST_TINT, _MOST_TINT = 0.12, 0.62  # how opaque a cell of the matrix is


def failures_html(now: Failures, before: Failures | None = None) -> Markup:
    """All of it, in the language that is spoken just now.

    Args:
        now: of the submission.
        before: of the hand-in before it, to say what got better.
    """
    if now.reason:
        return _framed(_because(now))
    recalls = now.recalls(before)
    return _framed(
        Markup("").join(
            [_summary(now, recalls), _pairs(now.confused()), _gallery(now.mistakes), _table(recalls), _matrix(now)]
        )
    )


@cache
def failures_css() -> Markup:
    """The style for it, for light and dark grounds."""
    return Markup((Path(__file__).parent / "failures.css").read_text(encoding="utf-8"))  # noqa: S704  the project's own


def spoken(character: str) -> str:
    """A character's name as people write it; a folder is called `homer_simpson`."""
    return character.replace("_", " ").title() if character else _("another name")


def _signed(change: int) -> str:
    return f"{change:+d}".replace("-", "\N{MINUS SIGN}")


def _framed(inside: Markup) -> Markup:
    return Markup('<div class="failures">{}</div>').format(inside)


def _because(now: Failures) -> Markup:
    """Why there is nothing to see, and what helps."""
    said = {
        "seen": _(
            "Nothing is shown: with `HELD_OUT = 0` your network has learned from all training pictures, and on those "
            "it is hardly ever wrong."
        ),
        "unsaid": _("Nothing is shown: the notebook does not say which training pictures your network has not seen."),
        "undefined": _("After its run the notebook does not have {names}.").format(names=now.detail),
        "raised": _("On the pictures held out your code ended with an error: {error}").format(error=now.detail),
        "unusable": _("On the pictures held out `predict` did not return one name for each picture."),
        "stopped": _("The notebook's process could not name the pictures held out: it had ended, or time was up."),
    }[now.reason or "stopped"]
    helps = {
        "undefined": _("Keep your trained network in `network`, and define `predict(network, paths)`."),
        "seen": _train_without(),
        "unsaid": _train_without(),
    }.get(now.reason, "")
    return Markup("").join(Markup("<p>{}</p>").format(_with_code(text)) for text in (said, helps) if text)


def _train_without() -> str:
    return _(
        "Set `HELD_OUT = 10` in the cell that reads the data, and train without those pictures, ten of each character "
        "at most: then you see here whom your network confuses."
    )


def _with_code(text: str) -> Markup:
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(parts))


def _summary(now: Failures, recalls: Sequence[Recall]) -> Markup:
    shown = ngettext("of {total} picture is right", "of {total} pictures are right", now.total).format(total=now.total)
    unseen = (
        _("Training pictures that the grader kept back from your notebook.")
        if now.unseen == "withheld"
        else _("Training pictures that your network has not seen, as your notebook says.")
    )
    hint = _(
        "None of the hidden test is among them, so this number is not your F1. Frames of the same scene may be among "
        "those that you trained on: new frames are a little harder."
    )
    return Markup('<p class="lead"><strong>{}</strong> {}{}</p><p class="quiet">{} {}</p>').format(
        now.right, shown, _trend(recalls), unseen, hint
    )


def _trend(recalls: Sequence[Recall]) -> Markup:
    """What got better since the last hand-in, and what worse."""
    if not any(recall.before is not None for recall in recalls):
        return Markup("")
    change = sum(recall.change for recall in recalls)
    better = sorted((r for r in recalls if r.change > 0), key=lambda r: (-r.change, r.character))
    worse = sorted((r for r in recalls if r.change < 0), key=lambda r: (r.change, r.character))
    parts = [_("Since your last hand-in: {change}.").format(change=_signed(change) if change else _("as many"))]
    if better:
        parts.append(_("Better: {who}.").format(who=_named_changes(better)))
    if worse:
        parts.append(_("Worse: {who}.").format(who=_named_changes(worse)))
    return Markup('<span class="trend">{}</span>').format(" ".join(parts).replace("….", "…"))


def _named_changes(recalls: Sequence[Recall]) -> str:
    named = ", ".join(f"{spoken(recall.character)} {_signed(recall.change)}" for recall in recalls[:5])
    return f"{named}, …" if len(recalls) > 5 else named


def _pairs(confused: Sequence[Confused]) -> Markup:
    if not confused:
        return Markup("<p>{}</p>").format(_("Not a single mistake on these pictures."))
    rows = Markup("").join(
        Markup("<tr><td>{}</td><td>{}</td><td class='number'>{}</td></tr>").format(
            spoken(pair.character), spoken(pair.named), pair.count
        )
        for pair in confused[:MOST_PAIRS]
    )
    left = len(confused) - MOST_PAIRS
    more = ngettext("{count} more pair is in the matrix below.", "{count} more pairs are in the matrix below.", left)
    return Markup(
        "<h4>{}</h4><table class='pairs'><thead><tr><th scope='col'>{}</th><th scope='col'>{}</th>"
        "<th scope='col' class='number'>{}</th></tr></thead><tbody>{}</tbody></table>{}"
    ).format(
        _("Most confused"), _("On the picture"), _("Your network says"), _("Pictures"), rows,
        Markup("<p class='quiet'>{}</p>").format(more.format(count=left)) if left > 0 else "",
    )  # fmt: skip


def _gallery(mistakes: Sequence[Mistake]) -> Markup:
    shown = [mistake for mistake in mistakes if _is_jpeg(mistake.picture)]
    if not shown:
        return Markup("")
    known = any(mistake.certainty is not None for mistake in shown)
    title = _("The mistakes that it is most certain of") if known else _("Some of the mistakes")
    return Markup("<h4>{}</h4><ul class='gallery'>{}</ul>").format(title, Markup("").join(map(_figure, shown)))


def _figure(mistake: Mistake) -> Markup:
    certain = "" if mistake.certainty is None else f" · {percent(min(mistake.certainty, 1.0))}"
    return Markup(
        "<li><img src='data:image/jpeg;base64,{}' alt='{}'><b>{}</b><span>{}{}</span></li>"
    ).format(
        mistake.picture,
        _("A picture of {character}").format(character=spoken(mistake.character)),
        spoken(mistake.character),
        _("named {character}").format(character=spoken(mistake.named)),
        certain,
    )  # fmt: skip


def _is_jpeg(picture: str) -> bool:
    try:
        return base64.b64decode(picture, validate=True).startswith(_JPEG)
    except (binascii.Error, ValueError):
        return False


def _table(recalls: Sequence[Recall]) -> Markup:
    """The characters that are recognised worst, and the others to be opened."""
    worst, others = recalls[:WORST], recalls[WORST:]
    rest = ngettext(
        "{count} more character, recognised better", "{count} more characters, recognised better", len(others)
    )
    return Markup("<h4>{}</h4><p class='quiet'>{}</p>{}{}").format(
        _("Recall by character"),
        _("How many of a character's pictures are named rightly, the worst first. On so few, one more may be chance."),
        _recall_table(worst),
        Markup("<details><summary>{}</summary>{}</details>").format(
            rest.format(count=len(others)), _recall_table(others)
        ) if others else "",
    )  # fmt: skip


def _recall_table(recalls: Sequence[Recall]) -> Markup:
    is_compared = any(recall.before is not None for recall in recalls)
    change = Markup("<th scope='col' class='number'>{}</th>").format(_("Change")) if is_compared else ""
    return Markup(
        "<table class='recall'><thead><tr><th scope='col'>{}</th><th scope='col'>{}</th>"
        "<th scope='col' class='number'>{}</th>{}</tr></thead><tbody>{}</tbody></table>"
    ).format(
        _("Character"),
        _("Recall"),
        _("Right"),
        change,
        Markup("").join(_row(recall, is_compared) for recall in recalls),
    )


def _row(recall: Recall, is_compared: bool) -> Markup:
    share = recall.right / recall.total
    change = ""
    if is_compared:
        kind = "up" if recall.change > 0 else "down" if recall.change < 0 else ""
        change = Markup("<td class='number {}'>{}</td>").format(kind, _signed(recall.change) if recall.change else "=")
    return Markup(
        "<tr><th scope='row'>{}</th><td><span class='track'><span style='width:{}%'></span></span></td>"
        "<td class='number'>{}</td>{}</tr>"
    ).format(spoken(recall.character), f"{100 * share:.0f}", f"{recall.right} / {recall.total}", change)


def _matrix(now: Failures) -> Markup:
    """The whole confusion matrix: rows are who is on the picture, columns whom the network names."""
    counts = {(cell.character, cell.named): cell.count for cell in now.cells}
    totals = {name: sum(n for (on, _said), n in counts.items() if on == name) for name in now.characters}
    rows = [name for name in now.characters if totals[name]]
    columns = [*now.characters, *([""] if any(not cell.named for cell in now.cells) else [])]
    head = Markup("").join(Markup("<th scope='col'><span>{}</span></th>").format(spoken(name)) for name in columns)
    body = Markup("").join(
        Markup("<tr><th scope='row'>{}</th>{}</tr>").format(
            spoken(row),
            Markup("").join(_cell(row, column, counts.get((row, column), 0), totals[row]) for column in columns),
        )
        for row in rows
    )
    title = _("The whole confusion matrix")
    return Markup(
        "<details><summary><h4>{}</h4></summary><p class='quiet'>{}</p>"
        "<div class='scroll' tabindex='0' role='region' aria-label='{}'>"
        "<table class='matrix'><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div></details>"
    ).format(
        title, _("Rows: who is on the picture. Columns: whom your network names. Mistakes are red."), title, head, body
    )  # fmt: skip


def _cell(row: str, column: str, count: int, total: int) -> Markup:
    if not count:
        return Markup("<td></td>")
    tint = _LEAST_TINT + (_MOST_TINT - _LEAST_TINT) * count / total
    colour = "30,140,80" if row == column else "215,50,40"
    return Markup("<td style='background:rgba({},{})' title='{}'>{}</td>").format(
        colour, f"{tint:.2f}", f"{spoken(row)} → {spoken(column)}", count
    )
