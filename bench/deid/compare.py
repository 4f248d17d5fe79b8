"""Sigilo against Presidio on the same text, in the same run, in bytes per second of CPU time of one core.

Presidio runs its own recognisers for Portuguese (its phone, e-mail, URL, IP and other language-neutral
ones) and tarja-presidio's Brazilian ones, over a blank spaCy model, which costs it least: a trained model
would add its own time and names. Sigilo runs everything it has, names and addresses too.
"""

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import spacy
import tarja_presidio
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine

from generate import messages

SIZE = int(os.environ.get("BENCH_BYTES", "1000000"))
ROUNDS = 3
WARM_UP = 50


class BlankEngine(SpacyNlpEngine):
    """Presidio's spaCy engine over a blank Portuguese model: a tokeniser and nothing else."""

    def __init__(self):
        super().__init__(models=[{"lang_code": "pt", "model_name": "blank"}])
        self.nlp = {"pt": spacy.blank("pt")}


def presidio(texts: list[str]) -> dict:
    """Median rate of the analyser over all texts, one by one, as a chat sends them."""
    engine = BlankEngine()
    registry = RecognizerRegistry(supported_languages=["pt"])
    registry.load_predefined_recognizers(languages=["pt"], nlp_engine=engine)
    tarja_presidio.register(registry)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["pt"])
    for text in texts[:WARM_UP]:
        analyzer.analyze(text=text, language="pt")
    size = sum(len(t.encode()) for t in texts)
    rates = []
    for _ in range(ROUNDS):
        start = time.process_time()
        found = sum(len(analyzer.analyze(text=text, language="pt")) for text in texts)
        rates.append(size / (time.process_time() - start))
    return {"bytes_per_s": statistics.median(rates), "detections": found, "recognizers": len(registry.recognizers)}


def sigilo(file: Path) -> dict:
    """The throughput example, built for release before it is timed."""
    command = ["cargo", "run", "--release", "--quiet", "-p", "sigilo-deid", "--example", "throughput", "--", str(file)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> int:
    logging.disable(logging.WARNING)
    texts = messages(SIZE)
    size = sum(len(t.encode()) for t in texts)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "messages.txt"
        file.write_text("\n".join(texts) + "\n", encoding="utf-8")
        ours = sigilo(file)
    theirs = presidio(texts)
    if ours["bytes"] != size:
        print("the two sides did not read the same text", file=sys.stderr)
        return 1
    rate, other = ours["deidentify_bytes_per_s"], theirs["bytes_per_s"]
    print(f"text                 {len(texts)} messages, {size} bytes")
    print(f"Presidio + tarja     {other / 1e6:10.3f} MB/s per core   {theirs['detections']} detections, "
          f"{theirs['recognizers']} recognisers")
    print(f"sigilo, find only    {ours['scan_bytes_per_s'] / 1e6:10.3f} MB/s per core")
    print(f"sigilo, find+redact  {rate / 1e6:10.3f} MB/s per core   {ours['detections']} detections")
    print(f"ratio                {rate / other:10.0f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
