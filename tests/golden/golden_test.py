#!/usr/bin/env python3
"""golden_test.py BUILD SOURCE [--update]: what commands print, compared with what stands beside this file.

--update writes what is printed now; look at the difference before you keep it.
"""
import difflib
import os
import subprocess
import sys

BUILD, SOURCE = sys.argv[1], sys.argv[2]
UPDATE = "--update" in sys.argv[3:]
HERE = os.path.join(SOURCE, "tests", "golden")
FAIRLEAD = os.path.join(BUILD, "fairlead")

RENDER = ["config", "render", "render/design.yaml", "--for"]
# file -> command
CASES = {
    "render/fairlead.txt": [*RENDER, "fairlead"],
    "render/frr.txt": [*RENDER, "frr"],
    "render/bird.txt": [*RENDER, "bird"],
    "render/ios-xe.txt": [*RENDER, "ios-xe"],
    "render/junos.txt": [*RENDER, "junos"],
    "import/az.txt": ["import", "render/design.yaml", "--routers", "r1=frr,r2=bird"],
    "import/powershell.txt": ["import", "--group", "rg1", "--circuit", "er1", "--peering", "both", "--powershell"],
}


def compare(name, command):
    done = subprocess.run([FAIRLEAD, *command], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
    if done.returncode:
        return f"status {done.returncode}: {done.stderr}"
    path = os.path.join(HERE, name)
    if UPDATE:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(done.stdout)
        return None
    with open(path) as f:
        wanted = f.read()
    if wanted == done.stdout:
        return None
    return "".join(difflib.unified_diff(wanted.splitlines(True), done.stdout.splitlines(True), name, "printed now"))


def main():
    failed = 0
    for name, command in CASES.items():
        difference = compare(name, command)
        print(("FAILED  " if difference else "ok      ") + name + (":\n" + difference if difference else ""))
        failed += difference is not None
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
