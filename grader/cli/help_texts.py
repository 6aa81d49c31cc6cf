"""Help and usage errors in the reader's language: what Typer shows is translated when it is about to be shown.

Docstrings are translated paragraph by paragraph, so a message is a paragraph on one line; the line of an example is a
command, of which only the label is translated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grader.language import _, current_language

_EXAMPLE = "Example:"


def translate(command: Any, ctx: Any) -> Any:
    """The command with its help, and that of its options, in the current language; `ctx` is its own or its parent's."""
    _name_panels()
    if current_language() == "en":
        return command
    command.help = in_paragraphs(command.help)
    command.short_help = in_paragraphs(command.short_help)
    for parameter in (*command.params, command.get_help_option(ctx)):
        parameter.help = in_paragraphs(getattr(parameter, "help", None))
    return command


def in_paragraphs(text: str | None) -> str | None:
    """A text of several paragraphs, each translated."""
    return text and "\n\n".join(_translated(paragraph) for paragraph in paragraphs(text))


def paragraphs(text: str) -> Iterator[str]:
    """Its paragraphs, each on one line."""
    for paragraph in text.strip().split("\n\n"):
        yield " ".join(paragraph.split())


def _translated(paragraph: str) -> str:
    if paragraph.startswith(_EXAMPLE):
        return _("Example:") + paragraph.removeprefix(_EXAMPLE)
    return _(paragraph)


def _name_panels() -> None:
    """Typer fixes these words when it is imported, before anybody knows the language."""
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = _("Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = _("Options")
    rich_utils.COMMANDS_PANEL_TITLE = _("Commands")
    rich_utils.ERRORS_PANEL_TITLE = _("Error")
    rich_utils.DEFAULT_STRING = _("[default: {}]")
    rich_utils.REQUIRED_LONG_STRING = _("[required]")
    rich_utils.RICH_HELP = _("Try [blue]'{command_path} {help_option}'[/] for help.")


def translate_usage(error: Any) -> None:
    """Have a usage error speak the current language; kinds that are not known keep Typer's words."""
    if current_language() == "en" or not hasattr(error, "format_message"):
        return
    kind, said = type(error).__name__, None
    if kind == "NoSuchOption":
        said = _("There is no option {option}.").format(option=error.option_name)
        near = getattr(error, "possibilities", None)
        if near:
            said += " " + _("Did you mean {near}?").format(near=", ".join(sorted(near)))
    elif kind == "MissingParameter" and error.param is not None:
        said = _("{what} is missing.").format(what=" / ".join(error.param.opts))
    elif kind == "BadParameter" and error.param is not None:
        what = " / ".join(error.param.opts)
        said = _("{what} has a wrong value: {reason}").format(what=what, reason=error.message)
    if said is not None:
        error.format_message = lambda: said
