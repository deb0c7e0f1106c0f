-- Why: the customer's signed copy of an invoice comes back, is reminded of when it does not, or is disputed in a thread.

-- What is signed may be an invoice of ours: an act's row has one more state. SQLite changes no CHECK, so the table is made anew under
-- its own name; whoever points to it is looked at when all of this commits.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE act_kept AS SELECT id, item_id, form, state, made_at, attempts, due_at, lease_owner, lease_until, fence, waiting_since FROM act;
DROP TABLE act;
CREATE TABLE act (
    id            INTEGER PRIMARY KEY,
    item_id       INTEGER NOT NULL UNIQUE REFERENCES item (id),
    form          TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('received', 'verified', 'registered', 'billed', 'invoiced', 'rejected', 'refused', 'repeated', 'unbilled', 'countersigned')),
    made_at       INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER NOT NULL,
    lease_owner   TEXT,
    lease_until   INTEGER NOT NULL DEFAULT 0,
    fence         INTEGER NOT NULL DEFAULT 0,
    waiting_since INTEGER
) STRICT;
INSERT INTO act (id, item_id, form, state, made_at, attempts, due_at, lease_owner, lease_until, fence, waiting_since)
SELECT id, item_id, form, state, made_at, attempts, due_at, lease_owner, lease_until, fence, waiting_since FROM act_kept;
DROP TABLE act_kept;
CREATE INDEX act_waiting ON act (state, due_at) WHERE state IN ('received', 'verified', 'registered', 'billed');

-- An issued document is found again by its bytes.
CREATE INDEX invoice_document_bytes ON invoice_document (pdf_sha256);

-- What is awaited of an issued invoice. An invoice nobody is asked to sign has no row until its copy comes all the same.
CREATE TABLE countersigning (
    id          INTEGER PRIMARY KEY,
    invoice_id  INTEGER NOT NULL UNIQUE REFERENCES invoice (id),
    state       TEXT    NOT NULL CHECK (state IN ('awaited', 'reminded', 'disputed', 'received')),
    since       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX countersigning_waiting ON countersigning (state, due_at) WHERE state = 'awaited';

-- Which invoice a signed copy is of, whatever became of its signature; and the very bytes it must hold.
CREATE TABLE invoice_copy (
    act_id          INTEGER NOT NULL PRIMARY KEY REFERENCES act (id),
    invoice_id      INTEGER NOT NULL REFERENCES invoice (id),
    document_sha256 TEXT    NOT NULL REFERENCES blob (sha256)
) STRICT;

-- A signature that stands. Each certificate's counts once for a document; a second person's is one more.
CREATE TABLE countersignature (
    invoice_id         INTEGER NOT NULL REFERENCES invoice (id),
    certificate_sha256 TEXT    NOT NULL,
    act_id             INTEGER NOT NULL REFERENCES act (id),
    signer_name        TEXT    NOT NULL,
    signer_serial      TEXT    NOT NULL,
    received_at        INTEGER NOT NULL,
    PRIMARY KEY (invoice_id, certificate_sha256)
) STRICT;
CREATE INDEX countersignature_act ON countersignature (act_id);

-- A thread with a customer that a person answers; `invoice_id` where it is about a document.
CREATE TABLE ticket (
    id         INTEGER PRIMARY KEY,
    contract   TEXT    NOT NULL REFERENCES account (contract),
    invoice_id INTEGER REFERENCES invoice (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('objection', 'question')),
    opened_at  INTEGER NOT NULL,
    moved_at   INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'closed'))
) STRICT;
CREATE INDEX ticket_waiting ON ticket (state, moved_at) WHERE state <> 'closed';
CREATE INDEX ticket_contract ON ticket (contract, invoice_id);

-- What was written, each as an item of its own: the customer's mail as received, the operator's text as typed.
CREATE TABLE ticket_message (
    ticket_id INTEGER NOT NULL REFERENCES ticket (id),
    ordinal   INTEGER NOT NULL,
    item_id   INTEGER NOT NULL UNIQUE REFERENCES item (id),
    author    TEXT    NOT NULL CHECK (author IN ('customer', 'operator')),
    who       TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (ticket_id, ordinal)
) STRICT;

CREATE TRIGGER countersignature_stays BEFORE UPDATE ON countersignature
BEGIN SELECT RAISE(ABORT, 'a countersignature is never changed'); END;
CREATE TRIGGER countersignature_never_deleted BEFORE DELETE ON countersignature
BEGIN SELECT RAISE(ABORT, 'a countersignature is never deleted'); END;
