#!/usr/bin/env python3
"""A second, independent reading of a Sigilo bundle: the standard library, and `openssl` for one Ed25519 signature.

    verificar.py bundle.tar policy

Written from the format (crates/proof/src/bundle/mod.rs, RFC 6962, C2SP), sharing no line with the Rust verifier.
Exit codes: 0 valid, 1 tampered, 2 unreadable. Witnesses and time stamps are left to the other one.
"""
import base64, hashlib, json, os, struct, subprocess, sys, tarfile, tempfile


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """The roots of whole subtrees, highest first, as (height, hash)."""

    def __init__(self):
        self.stack, self.size = [], 0

    def add(self, hash):
        height, self.size = 0, self.size + 1
        while self.stack and self.stack[-1][0] == height:
            hash, height = node(self.stack.pop()[1], hash), height + 1
        self.stack.append((height, hash))

    def root(self):
        hash = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            hash = node(left, hash)
        return hash


def climb(hash, index, size, path):
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    last, path = size - 1, list(path)
    for step in path:
        if index % 2 or index == last:
            hash = node(step, hash)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            hash = node(hash, step)
        index, last = index // 2, last // 2
    return hash


def signed(note, policy):
    """Whether a log of the policy signed the note's text with Ed25519."""
    text, signatures = note.rsplit("\n\n", 1)[0] + "\n", note.rsplit("\n\n", 1)[1]
    for line in policy.splitlines():
        words = line.split()
        if words[:1] != ["log"]:
            continue
        name, _, key = words[1].rsplit("+", 2)
        key = base64.b64decode(key, validate=True)
        if key[0] != 1 or name != text.split("\n")[0]:
            continue
        for signature in signatures.splitlines():
            _, who, value = signature.split(" ")
            value = base64.b64decode(value, validate=True)
            if who != name or value[:4] != hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]:
                continue
            with tempfile.TemporaryDirectory() as folder:
                paths = [os.path.join(folder, part) for part in ("key", "text", "signature")]
                der = bytes.fromhex("302a300506032b6570032100") + key[1:]
                for path, content in zip(paths, (der, text.encode(), value[4:])):
                    with open(path, "wb") as file:
                        file.write(content)
                command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0],
                           "-rawin", "-in", paths[1], "-sigfile", paths[2]]
                if subprocess.run(command, capture_output=True).returncode == 0:
                    return True
    return False


def unexplained(missing, declared, reached):
    """Leaves without a row that no row of the log declares, or not five years after they were sealed."""
    due = set()
    for index, at, ranges in declared:
        if min(time for size, time in reached if size > index) < at:
            continue
        for first, past in ranges:
            sealed = min((size, time) for size, time in reached if size >= past)[1]
            if f"{int(sealed[:4]) + 5:04}{sealed[4:]}" <= at:
                due.update(index for index in missing if first <= index < past)
    return [index for index in missing if index not in due]


def main(bundle, policy):
    policy, wrong = open(policy).read(), []
    missing, declared, reached = [], [], []
    platform, log, rounds, heads, last = Tree(), Tree(), {}, {}, None
    with tarfile.open(bundle, "r|") as archive:
        for member in archive:
            content, path = archive.extractfile(member).read(), member.name
            if path == "MANIFEST":
                manifest = json.loads(content)
            elif path == "checkpoint":
                note = content.decode()
                _, size, root = note.split("\n")[:3]
                size, root = int(size), base64.b64decode(root, validate=True)
                if not signed(note, policy):
                    wrong.append("checkpoint: no signature of the policy's log")
            elif path == "rounds":
                for line in content.splitlines():
                    proof = json.loads(line)
                    entry = json.loads(proof["entry"])
                    head = json.dumps({"log": manifest["log"], "root": proof["root"], "size": proof["size"], "v": 1},
                                      separators=(",", ":"))
                    steps = [base64.b64decode(step, validate=True) for step in proof["path"]]
                    if climb(leaf(head.encode()), proof["index"], entry["heads"], steps) != base64.b64decode(entry["map"]):
                        wrong.append(f"round {entry['round']}: the clinic is not in its map")
                    reached.append((proof["size"], entry["at"]))
                    rounds[entry["round"]] = leaf(proof["entry"].encode())
                    heads[proof["size"]] = base64.b64decode(proof["root"])
                    if entry["round"] == size - 1:
                        last = proof["size"]
            elif path.startswith("platform/tile/0/"):
                for at in range(0, len(content), 32):
                    if rounds.get(platform.size, content[at:at + 32]) != content[at:at + 32]:
                        wrong.append(f"round {platform.size}: not the one in the platform's log")
                    platform.add(content[at:at + 32])
            elif path.startswith("log/tile/0/"):
                hashes = [content[at:at + 32] for at in range(0, len(content), 32)]
            elif path.startswith("log/tile/entries/"):
                at = 0
                for hash in hashes:
                    length = struct.unpack_from(">H", content, at)[0]
                    entry, at = content[at + 2:at + 2 + length], at + 2 + length
                    if not entry:
                        missing.append(log.size)
                    elif leaf(entry) != hash:
                        wrong.append(f"leaf {log.size}: the row was altered")
                    else:
                        row = json.loads(entry)
                        if row["category"] == "retention":
                            declared.append((log.size, row["created_at"], json.loads(row["details"])["ranges"]))
                    log.add(hash)
                    if heads.get(log.size, log.root()) != log.root():
                        wrong.append(f"the first {log.size} leaves do not give the sealed root")
    if (platform.size, platform.size and platform.root()) != (size, root):
        wrong.append("the rounds do not give the signed root")
    if last is None or log.size != last:
        wrong.append(f"{log.size} leaves where the last round has {last}")
    for index in unexplained(missing, declared, reached):
        wrong.append(f"leaf {index}: the row was deleted")
    for sentence in wrong:
        print(sentence)
    print(f"{'TAMPERED' if wrong else 'VALID'}: {size} rounds, {log.size} leaves, root {log.root().hex()}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Exception as trouble:
        print(f"UNREADABLE: {trouble!r}")
        sys.exit(2)
