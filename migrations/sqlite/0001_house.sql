-- Why: the first house. What was taken in, what became of it, what is owed and what leaves.
-- Instants are microseconds UTC, days are ISO text, periods are months since year 0, money kopiykas, register totals Wh.
-- States are checked here, and a test compares each list with its table in the domain package.

CREATE TABLE blob (
    sha256     TEXT    NOT NULL PRIMARY KEY,
    bytes      BLOB    NOT NULL,
    size_bytes INTEGER NOT NULL
) STRICT;

-- One message or file taken in. `identity` is what makes it one: the hash of a message, the sighting of a file.
CREATE TABLE item (
    id          INTEGER PRIMARY KEY,
    source      TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('mail', 'file')),
    identity    TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    blob_sha256 TEXT    NOT NULL REFERENCES blob (sha256),
    received_at INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('received', 'acting', 'filed', 'answerable', 'done', 'parked')),
    intent      TEXT,
    cause       TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source, identity)
) STRICT;
CREATE INDEX item_waiting ON item (state, due_at) WHERE state NOT IN ('done', 'parked');
CREATE INDEX item_parked ON item (id) WHERE state = 'parked';

-- Where and when an item was seen; a second sighting of the same bytes is a duplicate, never a second item.
CREATE TABLE sighting (
    source  TEXT    NOT NULL,
    origin  TEXT    NOT NULL,
    item_id INTEGER NOT NULL REFERENCES item (id),
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (source, origin)
) STRICT;

CREATE TABLE finding (
    item_id INTEGER NOT NULL REFERENCES item (id),
    ordinal INTEGER NOT NULL,
    station TEXT    NOT NULL,
    code    TEXT    NOT NULL,
    level   TEXT    NOT NULL CHECK (level IN ('information', 'warning', 'error')),
    named   TEXT    NOT NULL,
    line    INTEGER,
    col     INTEGER,
    PRIMARY KEY (item_id, ordinal)
) STRICT;

CREATE TABLE act (
    id          INTEGER PRIMARY KEY,
    item_id     INTEGER NOT NULL UNIQUE REFERENCES item (id),
    form        TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('received', 'verified', 'registered', 'billed', 'invoiced', 'rejected', 'refused', 'repeated', 'unbilled')),
    made_at     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX act_waiting ON act (state, due_at) WHERE state IN ('received', 'verified', 'registered', 'billed');

-- The ruling on a signature and everything needed to repeat it.
CREATE TABLE verdict (
    act_id             INTEGER NOT NULL PRIMARY KEY REFERENCES act (id),
    indication         TEXT    NOT NULL CHECK (indication IN ('TOTAL-PASSED', 'INDETERMINATE', 'TOTAL-FAILED')),
    sub_indication     TEXT,
    policy_sha256      TEXT    NOT NULL,
    evidence_sha256    TEXT    NOT NULL REFERENCES blob (sha256),
    judged_at          INTEGER NOT NULL,
    signer_name        TEXT    NOT NULL,
    signer_serial      TEXT    NOT NULL,
    certificate_sha256 TEXT    NOT NULL,
    edrpou             TEXT,
    rnokpp             TEXT
) STRICT;

-- What a passed signature covers. The same signed content is accepted once, for ever (T3).
CREATE TABLE signed_content (
    act_id         INTEGER NOT NULL PRIMARY KEY REFERENCES act (id),
    content_sha256 TEXT    NOT NULL,
    act_xml_sha256 TEXT    NOT NULL REFERENCES blob (sha256),
    contract       TEXT    NOT NULL,
    period         INTEGER NOT NULL
) STRICT;

CREATE TABLE accepted_act (
    act_id         INTEGER NOT NULL PRIMARY KEY REFERENCES act (id),
    content_sha256 TEXT    NOT NULL UNIQUE,
    contract       TEXT    NOT NULL REFERENCES account (contract),
    period         INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    accepted_at    INTEGER NOT NULL,
    UNIQUE (contract, period, revision)
) STRICT;

-- Master data.
CREATE TABLE account (
    contract      TEXT NOT NULL PRIMARY KEY,
    contract_date TEXT NOT NULL,
    name          TEXT NOT NULL,
    edrpou        TEXT NOT NULL,
    vat_number    TEXT NOT NULL,
    address       TEXT NOT NULL,
    product       TEXT NOT NULL,
    self_billing  TEXT NOT NULL CHECK (self_billing IN ('allowed', 'forbidden'))
) STRICT;

CREATE TABLE account_email (
    contract TEXT    NOT NULL REFERENCES account (contract),
    ordinal  INTEGER NOT NULL,
    address  TEXT    NOT NULL,
    PRIMARY KEY (contract, ordinal)
) STRICT;
CREATE INDEX account_email_address ON account_email (address);

CREATE TABLE usage_point (
    eic           TEXT NOT NULL PRIMARY KEY,
    contract      TEXT NOT NULL REFERENCES account (contract),
    name          TEXT NOT NULL,
    address       TEXT NOT NULL,
    voltage_class TEXT NOT NULL CHECK (voltage_class IN ('1', '2')),
    valid_from    TEXT NOT NULL,
    valid_to      TEXT
) STRICT;
CREATE INDEX usage_point_contract ON usage_point (contract);

CREATE TABLE meter (
    point        TEXT NOT NULL REFERENCES usage_point (eic),
    serial       TEXT NOT NULL,
    model        TEXT NOT NULL,
    coefficient  TEXT NOT NULL,
    installed_on TEXT NOT NULL,
    removed_on   TEXT,
    PRIMARY KEY (point, serial)
) STRICT;

CREATE TABLE register (
    point  TEXT    NOT NULL,
    serial TEXT    NOT NULL,
    kind   TEXT    NOT NULL CHECK (kind IN ('active-import', 'reactive-import', 'reactive-export')),
    zone   TEXT    NOT NULL CHECK (zone IN ('total', 'night', 'half-peak', 'peak', 'day')),
    digits INTEGER NOT NULL CHECK (digits BETWEEN 3 AND 9),
    PRIMARY KEY (point, serial, kind, zone),
    FOREIGN KEY (point, serial) REFERENCES meter (point, serial)
) STRICT;

CREATE TABLE signer (
    id                 INTEGER PRIMARY KEY,
    contract           TEXT NOT NULL REFERENCES account (contract),
    name               TEXT NOT NULL,
    basis              TEXT NOT NULL,
    certificate_sha256 TEXT,
    edrpou             TEXT,
    rnokpp             TEXT,
    valid_from         TEXT NOT NULL,
    valid_to           TEXT,
    CHECK ((certificate_sha256 IS NOT NULL) <> (edrpou IS NOT NULL))
) STRICT;
CREATE INDEX signer_contract ON signer (contract);

CREATE TABLE tariff (
    id            INTEGER PRIMARY KEY,
    component     TEXT NOT NULL CHECK (component IN ('supply', 'transmission', 'distribution')),
    product       TEXT,
    voltage_class TEXT,
    zone          TEXT,
    price         TEXT NOT NULL,
    valid_from    TEXT NOT NULL,
    valid_to      TEXT
) STRICT;

CREATE TABLE parameter (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to   TEXT
) STRICT;

-- Readings are never overwritten: a newer one supersedes, and both stay.
CREATE TABLE reading (
    id            INTEGER PRIMARY KEY,
    point         TEXT    NOT NULL,
    serial        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    zone          TEXT    NOT NULL,
    period        INTEGER NOT NULL,
    read_on       TEXT    NOT NULL,
    total         INTEGER NOT NULL CHECK (total >= 0),
    quality       TEXT    NOT NULL CHECK (quality IN ('actual', 'estimated', 'operator')),
    item_id       INTEGER NOT NULL REFERENCES item (id),
    known_at      INTEGER NOT NULL,
    superseded_at INTEGER
) STRICT;
CREATE UNIQUE INDEX reading_current ON reading (point, serial, kind, zone, period) WHERE superseded_at IS NULL;

-- A partner's message, applied once by its id and by its hash.
CREATE TABLE partner_message (
    source      TEXT    NOT NULL,
    message_id  TEXT    NOT NULL,
    blob_sha256 TEXT    NOT NULL,
    item_id     INTEGER NOT NULL REFERENCES item (id),
    applied_at  INTEGER NOT NULL,
    PRIMARY KEY (source, message_id)
) STRICT;

-- Documents that left with our signature, known again by their hash.
CREATE TABLE issued_document (
    sha256     TEXT    NOT NULL PRIMARY KEY REFERENCES blob (sha256),
    kind       TEXT    NOT NULL CHECK (kind IN ('reading-act', 'invoice')),
    contract   TEXT    NOT NULL REFERENCES account (contract),
    period     INTEGER NOT NULL,
    issued_at  INTEGER NOT NULL
) STRICT;

-- Running numbers without holes: allotted in the transaction that drafts the invoice.
CREATE TABLE invoice_counter (
    series  TEXT    NOT NULL,
    year    INTEGER NOT NULL,
    highest INTEGER NOT NULL,
    PRIMARY KEY (series, year)
) STRICT;

CREATE TABLE invoice (
    id          INTEGER PRIMARY KEY,
    act_id      INTEGER UNIQUE REFERENCES act (id),
    contract    TEXT    NOT NULL REFERENCES account (contract),
    period      INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    series      TEXT    NOT NULL,
    year        INTEGER NOT NULL,
    running     INTEGER NOT NULL,
    net         INTEGER NOT NULL,
    vat         INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    snapshot    TEXT    NOT NULL,
    drafted_at  INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('drafted', 'issued')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (series, year, running),
    UNIQUE (contract, period, revision),
    CHECK (net + vat = total)
) STRICT;
CREATE INDEX invoice_waiting ON invoice (due_at) WHERE state = 'drafted';

CREATE TABLE invoice_document (
    invoice_id INTEGER NOT NULL PRIMARY KEY REFERENCES invoice (id),
    pdf_sha256 TEXT    NOT NULL REFERENCES blob (sha256),
    issued_at  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER invoice_issued_stays BEFORE UPDATE ON invoice WHEN OLD.state = 'issued'
BEGIN SELECT RAISE(ABORT, 'an issued invoice is never changed'); END;
CREATE TRIGGER invoice_draft_keeps_its_figures BEFORE UPDATE ON invoice
WHEN NEW.series <> OLD.series OR NEW.year <> OLD.year OR NEW.running <> OLD.running OR NEW.net <> OLD.net OR NEW.vat <> OLD.vat
  OR NEW.total <> OLD.total OR NEW.snapshot <> OLD.snapshot OR NEW.contract <> OLD.contract OR NEW.period <> OLD.period
BEGIN SELECT RAISE(ABORT, 'the figures of an invoice are never changed'); END;
CREATE TRIGGER invoice_never_deleted BEFORE DELETE ON invoice
BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END;
CREATE TRIGGER invoice_document_stays BEFORE UPDATE ON invoice_document
BEGIN SELECT RAISE(ABORT, 'an issued document is never changed'); END;
CREATE TRIGGER invoice_document_never_deleted BEFORE DELETE ON invoice_document
BEGIN SELECT RAISE(ABORT, 'an issued document is never deleted'); END;

-- Whatever leaves. `channel` is 'mail' or 'drop:NAME'; for a drop `recipient` is the folder and `subject` the file name.
CREATE TABLE letter (
    id          INTEGER PRIMARY KEY,
    item_id     INTEGER REFERENCES item (id),
    invoice_id  INTEGER REFERENCES invoice (id),
    purpose     TEXT    NOT NULL CHECK (purpose IN ('answer', 'notice', 'acknowledgement', 'invoice')),
    class       TEXT    NOT NULL CHECK (class IN ('money', 'notice')),
    channel     TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    message_id  TEXT    NOT NULL UNIQUE,
    blob_sha256 TEXT    NOT NULL REFERENCES blob (sha256),
    written_at  INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('due', 'sending', 'delivered', 'in-doubt', 'failed', 'held')),
    last_reply  TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (item_id, purpose),
    UNIQUE (invoice_id, purpose),
    CHECK ((item_id IS NOT NULL) <> (invoice_id IS NOT NULL))
) STRICT;
CREATE INDEX letter_waiting ON letter (state, due_at) WHERE state IN ('due', 'sending', 'in-doubt');
CREATE INDEX letter_recipient ON letter (recipient, written_at);

CREATE TABLE attempt (
    letter_id INTEGER NOT NULL REFERENCES letter (id),
    ordinal   INTEGER NOT NULL,
    began_at  INTEGER NOT NULL,
    ended_at  INTEGER,
    outcome   TEXT,
    reply     TEXT,
    PRIMARY KEY (letter_id, ordinal)
) STRICT;

-- Mailboxes and drops are leased, so that several daemons may share one database.
CREATE TABLE source_lease (
    source       TEXT    NOT NULL PRIMARY KEY,
    lease_owner  TEXT,
    lease_until  INTEGER NOT NULL DEFAULT 0,
    fence        INTEGER NOT NULL DEFAULT 0,
    last_success INTEGER,
    last_trouble TEXT
) STRICT;

-- The journal: each entry holds the hash of the one before it.
CREATE TABLE journal (
    seq        INTEGER NOT NULL PRIMARY KEY,
    at         INTEGER NOT NULL,
    event      TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    subject_id TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    prev       TEXT    NOT NULL,
    hash       TEXT    NOT NULL
) STRICT;
CREATE INDEX journal_subject ON journal (subject, subject_id);
CREATE TABLE journal_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT    NOT NULL
) STRICT;
INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
CREATE TRIGGER journal_append_only BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_never_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
