"""JSON laid out to be read and reviewed: short values on one line, invisible characters escaped."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

LINE_LENGTH = 130


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, value: Any) -> None:
    path.write_text(layout(value) + "\n", encoding="utf-8")


def layout(value: Any, indent: int = 0) -> str:
    """`value` as JSON text, an array or object broken into lines only when it does not fit into one."""
    on_one_line = visible(json.dumps(value, ensure_ascii=False))
    if not isinstance(value, dict | list) or not value or indent + len(on_one_line) <= LINE_LENGTH:
        return on_one_line

    inner = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [f"{visible(json.dumps(key, ensure_ascii=False))}: {layout(item, indent + 2)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        lines = [layout(item, indent + 2) for item in value]
        opening, closing = "[", "]"
    joined = f",\n{inner}".join(lines)
    return f"{opening}\n{inner}{joined}\n{' ' * indent}{closing}"


def visible(text: str) -> str:
    """JSON `text` in which marks, blanks other than the space, and control characters are `\\u` escapes."""
    return re.sub(r"[^ -~\n]", lambda match: escape_if_invisible(match[0]), text)


def escape_if_invisible(character: str) -> str:
    if unicodedata.category(character)[0] not in "MZC":
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
