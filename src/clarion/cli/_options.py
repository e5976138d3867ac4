"""Options that many commands share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from clarion.config import Loaded, load

Json: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", help="One JSON document instead of text.")
]
Workspace: TypeAlias = Annotated[str, Parameter(name="--workspace", help="Name or id of the workspace.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Place:
    """Which installation is meant; without these, CLARION_DATA, CLARION_DATABASE_URL or the default folder."""

    data: Annotated[Path | None, Parameter(help="Data folder.")] = None
    config: Annotated[
        Path | None, Parameter(help="Settings file instead of the data folder's clarion.toml.")
    ] = None

    def load(self) -> Loaded:
        """The settings and their origins. Raises Misconfigured."""
        return load({"data": self.data}, config=self.config)


HERE = Place()
