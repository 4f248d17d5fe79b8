"""How long `sigilo demo` takes to its first page, on an empty and on a used data folder, beside what
PostgreSQL's own programs take for their part; and the memory of the process once it rests."""

import os
import shutil
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "http"))
from site_demo import Site  # noqa: E402

LIMIT_MB = 60
ROUNDS = 5


def resident_mb(pid):
    """Memory of one process that is in RAM, and the part that is not shared with files."""
    values = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status") if line.startswith(("VmRSS", "RssAnon")))
    return tuple(int(values[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))


def main():
    site = Site(sys.argv[1])
    first = site.started_s
    again, memory = [], []
    for _ in range(ROUNDS):
        site.stop()
        site.start()
        again.append(site.started_s)
        cookie = site.sign_in(0)
        for _ in range(20):
            status, _, _ = site.request("GET", "/account", cookie=cookie)
            assert status == 200, status
        memory.append(resident_mb(site.process.pid))
    site.stop()
    shutil.rmtree(site.data, ignore_errors=True)
    print(f"command to first page: empty folder {first:.2f} s; used folder median {statistics.median(again):.2f} s "
          f"(min {min(again):.2f}, max {max(again):.2f})")
    rss, anonymous = (statistics.median(column) for column in zip(*memory))
    print(f"sigilo at rest after 20 pages: {rss:.0f} MB resident, of it {anonymous:.0f} MB its own; limit {LIMIT_MB} MB, ratio {rss / LIMIT_MB:.2f}")


main()
