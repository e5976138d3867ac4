"""Stacks as a flame graph: one SVG that needs nothing else, and folded lines for other tools."""

import html
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

WIDTH = 1200
ROW = 17
_NARROW = 0.5  # pixels; what is narrower is left out
_LETTER = 6.6  # pixels
_COLOURS = ("#f4a259", "#e8c07d", "#d98e73", "#e6a57e", "#f2c48d")


class _Node(Struct):
    samples: int = 0
    children: dict[str, "_Node"] = field(default_factory=dict)


def write(path: Path, title: str, stacks: Mapping[tuple[str, ...], int]) -> None:
    """`path`.svg and `path`.folded."""
    folded = [f"{';'.join(stack)} {samples}" for stack, samples in Counter(stacks).most_common()]
    path.with_suffix(".folded").write_text("\n".join(folded) + "\n", "utf-8")
    path.with_suffix(".svg").write_text(_svg(title, stacks), "utf-8")


def _svg(title: str, stacks: Mapping[tuple[str, ...], int]) -> str:
    root = _Node()
    for stack, samples in stacks.items():
        node = root
        node.samples += samples
        for name in stack:
            node = node.children.setdefault(name, _Node())
            node.samples += samples
    height = (2 + max((len(stack) for stack in stacks), default=0)) * ROW
    boxes: list[str] = []
    _draw(title, root, (0.0, 0), WIDTH / max(1, root.samples), boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="monospace" font-size="11">\n' + "\n".join(boxes) + "\n</svg>\n"
    )


def _draw(name: str, node: _Node, place: tuple[float, int], scale: float, boxes: list[str]) -> None:
    """A box as wide as its samples, and below it those that it called."""
    x, row = place
    width = node.samples * scale
    if width < _NARROW:
        return
    shown = html.escape(name[: int(width / _LETTER)])
    colour = _COLOURS[sum(name.encode()) % len(_COLOURS)]
    boxes.append(
        f"<g><title>{html.escape(name)}: {node.samples} samples, {node.samples * scale / WIDTH:.1%}</title>"
        f'<rect x="{x:.1f}" y="{row * ROW}" width="{width:.1f}" height="{ROW - 1}" fill="{colour}"/>'
        f'<text x="{x + 2:.1f}" y="{row * ROW + 12}">{shown}</text></g>'
    )
    for child_name, child in sorted(node.children.items()):
        _draw(child_name, child, (x, row + 1), scale, boxes)
        x += child.samples * scale
