"""What an installation may choose: one frozen `Settings`, and where each choice came from.

Sources, a later one wins: the default, the file `clarion.toml`, the variables `CLARION_*`, the command
line's flags. The same word everywhere: `port` in the file is `CLARION_PORT` and `--port`.
`docs/reference/configuration.md` is made from `settings.py` (`clarion config reference`).
"""

from clarion.config.settings import (
    LogFormat,
    LogLevel,
    Role,
    Settings,
    decode_path,
    default_data,
    encode_path,
)
from clarion.config.showing import reference, shown
from clarion.config.sources import Loaded, load

__all__ = [
    "Loaded",
    "LogFormat",
    "LogLevel",
    "Role",
    "Settings",
    "decode_path",
    "default_data",
    "encode_path",
    "load",
    "reference",
    "shown",
]
