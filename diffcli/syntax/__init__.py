"""Text -> Program and back; shapes live here, derivatives do not."""

from diffcli.syntax.elaboration import Expression, elaborate
from diffcli.syntax.parsing import parse
from diffcli.syntax.rendering import render

__all__ = ["Expression", "elaborate", "parse", "render"]
