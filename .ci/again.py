"""The tests that failed, one a line, where they are few: on a busy machine a browser or a child process is late, and
what failed for that alone passes when it is tried once more by itself.

Usage: again.py report.xml. Fails when more failed than a busy machine explains.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

MOST = 5

cases = ElementTree.parse(sys.argv[1]).iter("testcase")  # noqa: S314 - our own run wrote it
failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
if not 0 < len(failed) <= MOST:
    sys.exit(1)
for case in failed:
    words = case.get("classname", "").split(".")
    # Behind the file's name may stand that of a class.
    end = next(end for end in range(len(words), 0, -1) if Path(*words[:end]).with_suffix(".py").is_file())
    print("::".join([str(Path(*words[:end]).with_suffix(".py")), *words[end:], case.get("name", "")]))
