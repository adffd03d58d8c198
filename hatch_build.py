"""What a build adds to the files: the translations, compiled. It runs for wheels, from an sdist too, and in place."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version
        for path in Path(self.root).glob("diffcli/locale/*/LC_MESSAGES/*.po"):
            compiled = path.with_suffix(".mo")
            with path.open("rb") as catalogue, compiled.open("wb") as target:
                write_mo(target, read_po(catalogue))
            build_data["artifacts"].append(compiled.relative_to(self.root).as_posix())
