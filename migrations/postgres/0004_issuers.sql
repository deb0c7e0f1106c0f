-- Why: who issues a document, and which documents are of one bill: the distribution operator's stands beside the supplier's.

-- The operator's document is the next revision of the account's period and names the one it stands beside, so no table is made anew.
ALTER TABLE invoice ADD COLUMN issuer TEXT NOT NULL DEFAULT 'supplier' CHECK (issuer IN ('supplier', 'operator'));
ALTER TABLE invoice ADD COLUMN companion_of BIGINT REFERENCES invoice (id);
CREATE UNIQUE INDEX invoice_companion ON invoice (companion_of, issuer) WHERE companion_of IS NOT NULL;
CREATE TRIGGER invoice_draft_keeps_its_issuer BEFORE UPDATE ON invoice FOR EACH ROW
WHEN (NEW.issuer <> OLD.issuer OR NEW.companion_of IS DISTINCT FROM OLD.companion_of)
EXECUTE FUNCTION refuse('who issues an invoice is never changed');

-- The machine-readable invoice, as it lies in the PDF and beside it.
ALTER TABLE invoice_document ADD COLUMN ubl_sha256 TEXT REFERENCES blob (sha256);
