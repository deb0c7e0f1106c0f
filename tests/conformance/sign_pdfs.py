"""Signs a PDF with pyHanko, once for each line of input.

A line has seven fields divided by tabs: name of the PDF that is signed, name of the PDF that is made, name of key and certificate,
digest, "pkcs1", "pss" or "-" for keys of another kind, "adbe" or "cades", name of the signature's field. Certificates of the
chain are in the file named by the only argument.
"""
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

for line in sys.stdin:
    source, made, key, digest, padding, subfilter, field = line.rstrip("\n").split("\t")
    signer = signers.SimpleSigner.load(
        f"{key}.key", f"{key}.crt", other_certs=list(load_certs_from_pemder([sys.argv[1]])), prefer_pss=padding == "pss"
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm=digest,
        subfilter=SigSeedSubFilter.PADES if subfilter == "cades" else SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
    )
    with open(source, "rb") as before, open(made, "wb") as after:
        signers.sign_pdf(IncrementalPdfFileWriter(before), metadata, signer=signer, output=after)
