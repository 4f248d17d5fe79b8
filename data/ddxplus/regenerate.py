"""Rebuilds tabela.tsv (conditions of DDXPlus) and ../cid10/cid10.tsv from the published files.

usage: python3 regenerate.py RELEASE_CONDITIONS_JSON CID10_FOLDER
The conditions are the English-id release of DDXPlus (CC BY 4.0); the folder holds the Latin-1 CSV tables of DATASUS.
"""
import csv, json, pathlib, sys

here = pathlib.Path(__file__).parent
conditions = json.load(open(sys.argv[1]))
names = [l.split("\t")[:2] for l in open(here / "nomes.tsv", encoding="utf-8") if not l.startswith("#")]
with open(here / "tabela.tsv", "w", encoding="utf-8") as out:
    out.write("# DDXPlus release_conditions (CC BY 4.0), reduced: id, severity, ICD-10 as published, symptoms, antecedents\n")
    for key, english in names:
        c = conditions[english]
        out.write("\t".join([key, str(c["severity"]), c["icd10-id"], " ".join(c["symptoms"]), " ".join(c["antecedents"])]) + "\n")
assert len(names) == len(conditions)

rows = {}
for name, column in (("CID-10-CATEGORIAS.CSV", "CAT"), ("CID-10-SUBCATEGORIAS.CSV", "SUBCAT")):
    for row in csv.DictReader(open(pathlib.Path(sys.argv[2]) / name, encoding="latin1"), delimiter=";"):
        rows.setdefault(row[column].strip(), row["DESCRICAO"].strip())
text = "".join(f"{code}\t{rows[code]}\n" for code in sorted(rows))
(here.parent / "cid10" / "cid10.tsv").write_text(text, encoding="utf-8")
