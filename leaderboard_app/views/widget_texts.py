"""Streamlit's own strings in Russian, where nothing lets a page translate them.

A style sheet hides the English text of the field for a file and shows ours in its place. What a style sheet writes is
part of a button's name for a screen reader, and what is not displayed is not: the name is Russian as well.
"""

from __future__ import annotations

import json

import streamlit as st

from grader.language import Language, _
from grader.service.page_settings import FILE_MIB

_ZONE = "[data-testid=stFileUploaderDropzone]"
_HIDDEN = "[data-testid=stFileUploaderDropzoneInstructions]"


def translate_upload(language: Language, kinds: tuple[str, ...]) -> None:
    """Say in Russian what the field for a file says; English is Streamlit's own.

    Args:
        language: of the reader.
        kinds: endings that are taken.
    """
    if language == "en":
        return
    limit = _("Up to {allowed} MiB: {kinds}. The file can be dropped here.").format(
        allowed=FILE_MIB, kinds=", ".join(f".{kind}" for kind in kinds)
    )
    button = f"{_ZONE} button"
    st.html(
        "<style>"
        f"{button} p, {button} [data-testid=stMarkdownContainer] {{ display: none }}"
        f"{button}::after {{ content: {_css(_('Choose a file'))} }}"
        f"{_HIDDEN} > * {{ display: none }}"
        f"{_HIDDEN}::after {{ content: {_css(limit)}; font-size: .875rem; opacity: .8 }}"
        "</style>"
    )


def name_menu() -> None:
    """Name the button that opens the list of pages where a narrow screen has no room for it: Streamlit shows arrows."""
    button = "[data-testid=stExpandSidebarButton]"
    st.html(
        "<style>"
        f"{button} {{ width: auto !important; gap: .4rem; padding-inline: .6rem }}"
        f"{button}::after {{ content: {_css(_('Menu'))}; font-weight: 600 }}"
        "</style>"
    )


def _css(text: str) -> str:
    """A string of CSS; JSON writes quotes and line ends so that CSS reads them, and no tag can end the style sheet."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\3c ")
