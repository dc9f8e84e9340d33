#!/usr/bin/python3 -P
"""az_driver.py FOLDER: the az that `fairlead az-setup` made in FOLDER, kept in one process because each start costs
seconds. A line of standard input is a JSON list of words; a line of output is {"status", "out", "err"}."""
import io
import json
import logging
import os
import sys

folder = sys.argv[1]
sys.path.insert(0, folder)
import az  # noqa: E402,F401  the repair that az-setup wrote; pylint: disable=wrong-import-position,unused-import
from azure.cli.core import get_default_cli  # noqa: E402  pylint: disable=wrong-import-position

os.environ["AZURE_CORE_ONLY_SHOW_ERRORS"] = "true"
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")


def run(words):
    out, err = io.StringIO(), io.StringIO()
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    handler = logging.StreamHandler(err)
    handler.setLevel(logging.WARNING)
    try:
        cli = get_default_cli()
        for name in ("cli", "az"):
            logging.getLogger(name).handlers = [handler]
        status = cli.invoke(words, out_file=out)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout, sys.stderr = kept
    return {"status": status, "out": out.getvalue(), "err": err.getvalue()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), file=answers, flush=True)
