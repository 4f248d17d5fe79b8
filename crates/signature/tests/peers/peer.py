"""pyHanko as the other side: signs and validates in a folder of certificates.

    peer.py sign FOLDER P12 PASSWORD LEVEL IN OUT [LEVEL IN OUT…]    LEVEL: b, t, lt or lta
    peer.py validate FOLDER FILE…                                    prints one JSON line for each signature

The folder holds root.crt, issuing.crt, root.crl and issuing.crl in DER, and for stamps stamper.crt and stamper.key.
"""

import json
import sys
from pathlib import Path

from asn1crypto import crl, keys, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext


def certificate(folder, name):
    return x509.Certificate.load((folder / name).read_bytes())


def context(folder, **more):
    lists = [crl.CertificateList.load((folder / name).read_bytes()) for name in ("root.crl", "issuing.crl")]
    return ValidationContext(
        trust_roots=[certificate(folder, "root.crt")],
        other_certs=[certificate(folder, "issuing.crt")],
        crls=lists,
        revocation_mode="hard-fail",
        **more,
    )


def sign(folder, p12, password, *jobs):
    for level, source, target in zip(*[iter(jobs)] * 3, strict=True):
        sign_one(folder, p12, password, level, source, target)


def sign_one(folder, p12, password, level, source, target):
    signer = signers.SimpleSigner.load_pkcs12(p12, passphrase=password.encode())
    stamper = None
    if level != "b":
        stamper = DummyTimeStamper(
            certificate(folder, "stamper.crt"),
            keys.PrivateKeyInfo.load((folder / "stamper.key").read_bytes()),
            certs_to_embed=[certificate(folder, "issuing.crt")],
        )
    long = level in ("lt", "lta")
    metadata = signers.PdfSignatureMetadata(
        field_name="Assinatura",
        md_algorithm="sha256",
        name="Ana",
        reason="Teste",
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=long,
        use_pades_lta=level == "lta",
        validation_context=context(folder) if long else None,
    )
    with open(source, "rb") as document, open(target, "wb") as out:
        signers.sign_pdf(IncrementalPdfFileWriter(document), metadata, signer=signer, timestamper=stamper, output=out)


def validate(folder, *files):
    for file in files:
        validate_one(folder, file)


def validate_one(folder, file):
    with open(file, "rb") as document:
        for signature in PdfFileReader(document).embedded_signatures:
            usage = KeyUsageConstraints(key_usage={"non_repudiation"})
            status = validate_pdf_signature(signature, context(folder), context(folder), key_usage_settings=usage)
            stamp = status.timestamp_validity
            print(
                json.dumps(
                    {
                        "intact": status.intact,
                        "valid": status.valid,
                        "trusted": status.trusted,
                        "coverage": status.coverage.name,
                        "changes": status.modification_level and status.modification_level.name,
                        "bottom_line": status.bottom_line,
                        "stamp": stamp and stamp.valid and stamp.trusted,
                    }
                )
            )


if __name__ == "__main__":
    command, folder, *rest = sys.argv[1:]
    {"sign": sign, "validate": validate}[command](Path(folder), *rest)
