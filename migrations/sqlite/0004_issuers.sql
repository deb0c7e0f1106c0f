-- Why: who issues a document, and which documents are of one bill: the distribution operator's stands beside the supplier's.

-- The operator's document is the next revision of the account's period and names the one it stands beside, so no table is made anew.
ALTER TABLE invoice ADD COLUMN issuer TEXT NOT NULL DEFAULT 'supplier' CHECK (issuer IN ('supplier', 'operator'));
ALTER TABLE invoice ADD COLUMN companion_of INTEGER REFERENCES invoice (id);
CREATE UNIQUE INDEX invoice_companion ON invoice (companion_of, issuer) WHERE companion_of IS NOT NULL;
CREATE TRIGGER invoice_draft_keeps_its_issuer BEFORE UPDATE ON invoice
WHEN NEW.issuer <> OLD.issuer OR NEW.companion_of IS NOT OLD.companion_of
BEGIN SELECT RAISE(ABORT, 'who issues an invoice is never changed'); END;

-- The machine-readable invoice, as it lies in the PDF and beside it.
ALTER TABLE invoice_document ADD COLUMN ubl_sha256 TEXT REFERENCES blob (sha256);
