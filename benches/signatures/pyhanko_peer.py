"""pyHanko's verdict on CMS messages and PDFs, asked as the peer of OpenSSL is: a line of five words, an answer with its time.

Words: rounds, moment (seconds since 1970), root (DER), message (DER) or PDF, content ("-" for a PDF), the last three in hexadecimal.
Answers "good NANOSECONDS" or "bad NANOSECONDS REASON", of processor time.
"""
import asyncio
import io
import sys
import time
from datetime import datetime, timezone

from asn1crypto import cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_detached_cms, async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext


async def verify(root, moment, message, content):
    # A context remembers what it validated, so each round has one of its own.
    context = ValidationContext(trust_roots=[root], moment=moment, best_signature_time=moment, revocation_mode="soft-fail", allow_fetching=False)
    if content is None:
        status = await async_validate_pdf_signature(PdfFileReader(io.BytesIO(message)).embedded_signatures[0], context)
    else:
        signed = cms.ContentInfo.load(message)["content"]
        status = await async_validate_detached_cms(content, signed, context)
    return status.intact and status.valid and status.trusted


for line in sys.stdin:
    rounds, moment, root, message, content = line.split()
    root = x509.Certificate.load(bytes.fromhex(root))
    moment = datetime.fromtimestamp(int(moment), timezone.utc)
    message = bytes.fromhex(message)
    content = None if content == "-" else bytes.fromhex(content)
    began, good, reason = time.process_time_ns(), True, ""
    for _ in range(int(rounds)):
        try:
            good = good and asyncio.run(verify(root, moment, message, content))
        except Exception as cause:  # what it says of a file is its own matter; the figures need a verdict
            good, reason = False, f"{type(cause).__name__}: {cause}"
    taken = time.process_time_ns() - began
    print(f"good {taken}" if good else f"bad {taken} {reason}".replace("\n", " "), flush=True)
