"""Runs a command and prints its wall seconds and peak resident bytes: python3 measure_process.py <command> [argument ...].

wait4 gives the peak of the process itself; the command's own output is thrown away, its errors are passed on.
"""

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
seconds = time.perf_counter() - start
# ru_maxrss is in kibibytes on Linux, in bytes on macOS.
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps(dict(seconds=seconds, peak=usage.ru_maxrss * unit, status=os.waitstatus_to_exitcode(status))))
