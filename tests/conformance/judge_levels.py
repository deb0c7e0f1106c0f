"""Judges PDFs with pyHanko: every signature must be valid, and the first one at its level.

A line of input has the name of a PDF and the level, divided by a tab. The root of trust is in the file named by the only argument;
nothing is fetched.
"""
import asyncio
import sys
from datetime import datetime, timedelta, timezone

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_lta_validation, simulate_future_ades_lta_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

roots = list(load_certs_from_pemder([sys.argv[1]]))
always = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
# The status of every certificate must be in the file. A list made this morning tells of a signature made now.
policy = CertValidationPolicySpec(
    trust_manager=SimpleTrustManager.build([CertTrustAnchor(root) for root in roots]),
    revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(always, always), retroactive_revinfo=True),
)
spec = PdfSignatureValidationSpec(
    SignatureValidationSpec(
        cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
    )
)


def context():
    return ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")


def good(what, status):
    summary = status.pretty_print_details()
    assert status.bottom_line, f"{what}\n{summary}"
    assert status.coverage in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION), f"{what}\n{summary}"
    return status


for line in sys.stdin:
    name, level = line.rstrip("\n").split("\t")
    with open(name, "rb") as file:
        reader = PdfFileReader(file)
        signatures = list(reader.embedded_regular_signatures)
        assert signatures, name
        for signature in signatures:
            good(name, validate_pdf_signature(signature, context(), context()))
        first = signatures[0]
        assert first.docmdp_level is not None and first.docmdp_level.value == 2, name
        for stamp in reader.embedded_timestamp_signatures:
            status = validate_pdf_timestamp(stamp, context())
            assert status.valid and status.intact and status.trusted, f"{name}: {status}"
            assert status.coverage in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION), name
        if level == "B-LTA":
            assert reader.embedded_timestamp_signatures, name
        if level != "B-B":
            status = validate_pdf_signature(first, context(), context())
            assert status.timestamp_validity is not None and status.timestamp_validity.trusted and status.timestamp_validity.valid, name
        if level in ("B-LT", "B-LTA"):
            # By nothing but what the file holds.
            kwargs = {"trust_roots": roots, "allow_fetching": False, "revocation_mode": "require", "retroactive_revinfo": True}
            held = [DocumentSecurityStore.read_dss(reader).as_validation_context(dict(kwargs)) for _ in range(2)]
            status = good(f"{name} by its store", validate_pdf_signature(first, *held))
            assert status.timestamp_validity.trusted, name
        if level == "B-LTA":
            result = asyncio.run(ades_lta_validation(first, spec))
            assert result.ades_subindic == AdESPassed.OK, f"{name}: {result.ades_subindic} {result.failure_msg}"
            later = datetime.now(timezone.utc) + timedelta(days=20)
            result = asyncio.run(simulate_future_ades_lta_validation(first, spec, later))
            assert result.ades_subindic == AdESPassed.OK, f"{name} later: {result.ades_subindic} {result.failure_msg}"
