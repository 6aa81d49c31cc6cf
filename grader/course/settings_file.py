"""Change a setting in class.toml, leaving every other line as the teacher wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomlkit

from grader.course.config import CONFIG_NAME, load_config
from grader.files import write_atomically


def change_setting(root: Path, section: tuple[str, ...], name: str, value: object) -> None:
    """Write one setting; the file stays as it was where the result would not be valid.

    Args:
        root: the class folder.
        section: such as `("assignments", "resnet")`.
        name: of the setting.
        value: what TOML can hold; None takes the setting out.

    Raises:
        InvalidConfig: the file is missing or wrong, or would be with this setting.
        EnvironmentFault: it cannot be written.
    """
    path = root / CONFIG_NAME
    load_config(path)
    document = tomlkit.parse(path.read_text(encoding="utf-8-sig"))
    table: Any = document
    for part in section:
        if part not in table:
            table[part] = tomlkit.table()
        table = table[part]
    if value is None:
        table.pop(name, None)
    else:
        table[name] = value
    tried = root / f".{CONFIG_NAME}.tried"
    try:
        write_atomically(tried, tomlkit.dumps(document).encode())
        load_config(tried)
        tried.replace(path)
    finally:
        tried.unlink(missing_ok=True)
