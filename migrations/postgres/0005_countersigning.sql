-- Why: the customer's signed copy of an invoice comes back, is reminded of when it does not, or is disputed in a thread.

-- What is signed may be an invoice of ours: an act's row has one more state.
ALTER TABLE act DROP CONSTRAINT act_state_check;
ALTER TABLE act ADD CONSTRAINT act_state_check
    CHECK (state IN ('received', 'verified', 'registered', 'billed', 'invoiced', 'rejected', 'refused', 'repeated', 'unbilled', 'countersigned'));

-- An issued document is found again by its bytes.
CREATE INDEX invoice_document_bytes ON invoice_document (pdf_sha256);

-- What is awaited of an issued invoice. An invoice nobody is asked to sign has no row until its copy comes all the same.
CREATE TABLE countersigning (
    id          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_id  BIGINT NOT NULL UNIQUE REFERENCES invoice (id),
    state       TEXT    NOT NULL CHECK (state IN ('awaited', 'reminded', 'disputed', 'received')),
    since       BIGINT NOT NULL,
    attempts    BIGINT NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    fence       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX countersigning_waiting ON countersigning (state, due_at) WHERE state = 'awaited';

-- Which invoice a signed copy is of, whatever became of its signature; and the very bytes it must hold.
CREATE TABLE invoice_copy (
    act_id          BIGINT NOT NULL PRIMARY KEY REFERENCES act (id),
    invoice_id      BIGINT NOT NULL REFERENCES invoice (id),
    document_sha256 TEXT    NOT NULL REFERENCES blob (sha256)
);

-- A signature that stands. Each certificate's counts once for a document; a second person's is one more.
CREATE TABLE countersignature (
    invoice_id         BIGINT NOT NULL REFERENCES invoice (id),
    certificate_sha256 TEXT    NOT NULL,
    act_id             BIGINT NOT NULL REFERENCES act (id),
    signer_name        TEXT    NOT NULL,
    signer_serial      TEXT    NOT NULL,
    received_at        BIGINT NOT NULL,
    PRIMARY KEY (invoice_id, certificate_sha256)
);
CREATE INDEX countersignature_act ON countersignature (act_id);

-- A thread with a customer that a person answers; `invoice_id` where it is about a document.
CREATE TABLE ticket (
    id         BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract   TEXT    NOT NULL REFERENCES account (contract),
    invoice_id BIGINT REFERENCES invoice (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('objection', 'question')),
    opened_at  BIGINT NOT NULL,
    moved_at   BIGINT NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'closed'))
);
CREATE INDEX ticket_waiting ON ticket (state, moved_at) WHERE state <> 'closed';
CREATE INDEX ticket_contract ON ticket (contract, invoice_id);

-- What was written, each as an item of its own: the customer's mail as received, the operator's text as typed.
CREATE TABLE ticket_message (
    ticket_id BIGINT NOT NULL REFERENCES ticket (id),
    ordinal   BIGINT NOT NULL,
    item_id   BIGINT NOT NULL UNIQUE REFERENCES item (id),
    author    TEXT    NOT NULL CHECK (author IN ('customer', 'operator')),
    who       TEXT    NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, ordinal)
);

CREATE TRIGGER countersignature_stays BEFORE UPDATE ON countersignature FOR EACH ROW
EXECUTE FUNCTION refuse('a countersignature is never changed');
CREATE TRIGGER countersignature_never_deleted BEFORE DELETE ON countersignature FOR EACH ROW
EXECUTE FUNCTION refuse('a countersignature is never deleted');
