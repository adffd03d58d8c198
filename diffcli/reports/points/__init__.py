"""What was found at many points, as a screen, JSON and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffcli.points.result import Found


def written_as(found: Found, format: str, width: int | None = None) -> str:
    """As `table`, `json` or `csv` text."""
    if format == "table":
        from diffcli.reports.points.screen import screen

        return screen(found, width)
    from diffcli.reports import studies
    from diffcli.reports.points.findings import study

    return studies.written(study(found), format)
