"""Requests a second of a point read over HTTP, as a ratio to pgbench with the same statements.

Both sides run 16 clients against one PostgreSQL, in turns of a few seconds, and both open one
transaction a read: the session is proved (`app.enter`), the conversation and its messages are read
under row-level security, the view is written to the trail, commit.
"""

import os
import glob
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
from site_demo import Site  # noqa: E402

CLIENTS = 16
SECONDS = 5
ROUNDS = 5
MESSAGES = 5
TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    """CPU seconds that a process has used."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu_of_tree(parent):
    """CPU seconds of PostgreSQL: the postmaster with its living and its reaped children."""
    total = 0.0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = open(path).read().rsplit(")", 1)[1].split()
            if path.split("/")[2] == str(parent):
                total += sum(int(f) for f in fields[11:15]) / TICK
            elif fields[1] == str(parent):
                total += (int(fields[11]) + int(fields[12])) / TICK
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def postmaster(data):
    """The managed server's first process."""
    file = glob.glob(f"{data}/**/postmaster.pid", recursive=True)[0]
    return int(open(file).readline())


def find(program):
    """A program of PostgreSQL, also where PATH does not show it."""
    found = shutil.which(program) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"), reverse=True)), None)
    if not found:
        sys.exit(f"{program} is missing: install PostgreSQL's contributed programs")
    return found


def statements(queries):
    """The texts of the statements a point read sends, from the product's own files."""
    texts = {}
    for name in ("session", "conversation", "answer"):
        for chunk in open(f"{queries}/{name}.sql").read().split("\n-- "):
            head, _, body = chunk.removeprefix("-- ").partition("\n")
            texts[head.split(":")[0]] = " ".join(line for line in body.split("\n")).strip().rstrip(";")
    return texts


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def script(token, conversation):
    """What pgbench sends: the same statements with their parameters written in."""
    texts = statements("crates/store/queries")
    def fill(name, *values):
        text = texts[name]
        for number in range(len(values), 0, -1):
            text = text.replace(f"${number}", values[number - 1])
        return text + ";"
    return "\n".join([
        "BEGIN;",
        fill("session.enter", quoted(token), "gen_random_uuid()", "'127.0.0.1'::inet", "'pgbench'"),
        fill("conversation.open", quoted(conversation) + "::uuid"),
        fill("conversation.messages", quoted(conversation) + "::uuid"),
        fill("answer.enabled"),
        fill("answer.stored", quoted(conversation) + "::uuid"),
        fill("session.audit", "'conversation_viewed'", "'view'", "'conversations'", quoted(conversation), "'{}'::jsonb", "'low'"),
        "COMMIT;",
    ])


def run_pgbench(pgbench, url, path):
    """Transactions a second and CPU seconds of pgbench itself."""
    before = os.times()
    out = subprocess.check_output(
        [pgbench, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(SECONDS), "-f", path, url],
        text=True, stderr=subprocess.DEVNULL)
    after = os.times()
    rate = next(float(line.split("=")[1].split()[0]) for line in out.splitlines() if line.startswith("tps"))
    return rate, after.children_user - before.children_user + after.children_system - before.children_system


def run_wrk(wrk, site, cookie, conversation):
    """Requests a second and CPU seconds of the load generator."""
    before = os.times()
    out = subprocess.check_output(
        [wrk, "-t", "1", "-c", str(CLIENTS), "-d", f"{SECONDS}s", "-H", f"Cookie: {cookie}",
         f"{site.origin}/api/v1/conversations/{conversation}"], text=True)
    after = os.times()
    if "Non-2xx" in out:
        sys.exit(out)
    rate = next(float(line.split(":")[1]) for line in out.splitlines() if line.startswith("Requests/sec"))
    return rate, after.children_user - before.children_user + after.children_system - before.children_system


def main():
    pgbench = find("pgbench")
    wrk = shutil.which("wrk") or sys.exit("wrk is missing: install Debian's package wrk")
    site = Site(sys.argv[1])
    try:
        cookie = site.doctor()
        conversation = site.conversation(cookie, MESSAGES)
        url = site.database("app")
        server = postmaster(site.data)
        results = {"pgbench": [], "http": []}
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script(cookie.split("=", 1)[1], conversation))
            file.flush()
            for round_number in range(ROUNDS + 1):
                for side in ("pgbench", "http"):
                    cpu0 = (cpu_of_tree(server), cpu(site.process.pid))
                    if side == "pgbench":
                        rate, client = run_pgbench(pgbench, url, file.name)
                    else:
                        rate, client = run_wrk(wrk, site, cookie, conversation)
                    cpu1 = (cpu_of_tree(server), cpu(site.process.pid))
                    # The first round warms caches and connections.
                    if round_number:
                        done = rate * SECONDS
                        results[side].append((rate, (cpu1[0] - cpu0[0]) / done, (cpu1[1] - cpu0[1]) / done, client / done))
    finally:
        site.stop()
        shutil.rmtree(site.data, ignore_errors=True)

    def middle(side, column):
        return statistics.median(row[column] for row in results[side])

    ratios = sorted(h[0] / p[0] for h, p in zip(results["http"], results["pgbench"]))
    print(f"{CLIENTS} clients, {ROUNDS} rounds of {SECONDS} s in turns, a conversation of {MESSAGES} messages")
    print(f"{'':10}{'reads/s':>10}{'µs CPU a read: PostgreSQL':>28}{'sigilo':>10}{'client':>10}")
    for side in ("pgbench", "http"):
        print(f"{side:10}{middle(side, 0):>10.0f}{middle(side, 1) * 1e6:>28.0f}{middle(side, 2) * 1e6:>10.0f}{middle(side, 3) * 1e6:>10.0f}")
    print(f"ratio http / pgbench: median {statistics.median(ratios):.2f} (min {ratios[0]:.2f}, max {ratios[-1]:.2f}); limit 0.50")


main()
