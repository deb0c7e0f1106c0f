-- Why: the whole of billing. What was known when of accounts, prices and readings; interval data; what was confirmed, charged and paid; the month's run.
-- `known_at` is when we learned of something, `superseded_at` when we learned better; 0 is "before anybody kept count".

-- The truth about an account. Its tables beside this one are the index by which accounts are found.
CREATE TABLE account_version (
    id            INTEGER PRIMARY KEY,
    contract      TEXT    NOT NULL REFERENCES account (contract),
    record        TEXT    NOT NULL,
    item_id       INTEGER REFERENCES item (id),
    known_at      INTEGER NOT NULL,
    superseded_at INTEGER
) STRICT;
CREATE UNIQUE INDEX account_version_current ON account_version (contract) WHERE superseded_at IS NULL;
CREATE INDEX account_version_known ON account_version (contract, known_at);
CREATE INDEX account_edrpou ON account (edrpou);

-- Through which point a point is or was ever fed; when, its account's versions say.
CREATE TABLE fed_point (
    eic     TEXT NOT NULL REFERENCES usage_point (eic),
    through TEXT NOT NULL,
    PRIMARY KEY (eic, through)
) STRICT;
CREATE INDEX fed_point_through ON fed_point (through);

-- SQLite changes no CHECK, so the table is made anew.
CREATE TABLE tariff_known (
    id            INTEGER PRIMARY KEY,
    component     TEXT    NOT NULL CHECK (component IN ('supply', 'transmission', 'distribution', 'reactive', 'power')),
    product       TEXT,
    voltage_class TEXT,
    zone          TEXT,
    price         TEXT    NOT NULL,
    valid_from    TEXT    NOT NULL,
    valid_to      TEXT,
    known_at      INTEGER NOT NULL,
    superseded_at INTEGER
) STRICT;
INSERT INTO tariff_known (id, component, product, voltage_class, zone, price, valid_from, valid_to, known_at)
SELECT id, component, product, voltage_class, zone, price, valid_from, valid_to, 0 FROM tariff;
DROP TABLE tariff;
ALTER TABLE tariff_known RENAME TO tariff;

ALTER TABLE parameter ADD COLUMN known_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parameter ADD COLUMN superseded_at INTEGER;

-- Which zone each hour of the day belongs to; months and hours are JSON lists.
CREATE TABLE zone_hours (
    id            INTEGER PRIMARY KEY,
    scheme        TEXT    NOT NULL CHECK (scheme IN ('two', 'three')),
    months        TEXT    NOT NULL,
    hours         TEXT    NOT NULL,
    valid_from    TEXT    NOT NULL,
    valid_to      TEXT,
    known_at      INTEGER NOT NULL,
    superseded_at INTEGER
) STRICT;

-- A control reading is one of its day, every other the only one of its occasion in the period: `slot` is that day, or empty.
-- An estimate comes from no item. SQLite lifts no NOT NULL, so the table is made anew.
CREATE TABLE reading_known (
    id            INTEGER PRIMARY KEY,
    point         TEXT    NOT NULL,
    serial        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    zone          TEXT    NOT NULL,
    period        INTEGER NOT NULL,
    occasion      TEXT    NOT NULL CHECK (occasion IN ('period-end', 'installed', 'removed', 'control')),
    slot          TEXT    NOT NULL,
    read_on       TEXT    NOT NULL,
    total         INTEGER NOT NULL CHECK (total >= 0),
    quality       TEXT    NOT NULL CHECK (quality IN ('actual', 'estimated', 'operator')),
    item_id       INTEGER REFERENCES item (id),
    known_at      INTEGER NOT NULL,
    superseded_at INTEGER
) STRICT;
INSERT INTO reading_known (id, point, serial, kind, zone, period, occasion, slot, read_on, total, quality, item_id, known_at, superseded_at)
SELECT id, point, serial, kind, zone, period, 'period-end', '', read_on, total, quality, item_id, known_at, superseded_at FROM reading;
DROP TABLE reading;
ALTER TABLE reading_known RENAME TO reading;
CREATE UNIQUE INDEX reading_current ON reading (point, serial, kind, zone, period, occasion, slot) WHERE superseded_at IS NULL;
CREATE INDEX reading_superseded ON reading (point, period) WHERE superseded_at IS NOT NULL;

-- Energy of equal intervals, as delivered: `amounts` is a JSON list of thousandths of a kWh or kvarh. Current rows never overlap.
CREATE TABLE interval_series (
    id            INTEGER PRIMARY KEY,
    point         TEXT    NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('active-import', 'reactive-import', 'reactive-export')),
    starts_at     INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL,
    minutes       INTEGER NOT NULL CHECK (minutes IN (15, 30, 60)),
    amounts       TEXT    NOT NULL,
    item_id       INTEGER NOT NULL REFERENCES item (id),
    known_at      INTEGER NOT NULL,
    superseded_at INTEGER,
    CHECK (starts_at < ends_at)
) STRICT;
CREATE UNIQUE INDEX interval_series_current ON interval_series (point, kind, starts_at) WHERE superseded_at IS NULL;
CREATE INDEX interval_series_point ON interval_series (point, starts_at);

-- Active energy of closed months, kWh, for the bounds of R-PLAUS.
CREATE TABLE billed_volume (
    id            INTEGER PRIMARY KEY,
    contract      TEXT    NOT NULL REFERENCES account (contract),
    period        INTEGER NOT NULL,
    active        INTEGER NOT NULL,
    known_at      INTEGER NOT NULL,
    superseded_at INTEGER
) STRICT;
CREATE UNIQUE INDEX billed_volume_current ON billed_volume (contract, period) WHERE superseded_at IS NULL;
CREATE INDEX billed_volume_account ON billed_volume (contract, period);
INSERT INTO billed_volume (contract, period, active, known_at)
SELECT invoice.contract, invoice.period, SUM(json_extract(line.value, '$.volume')), MAX(invoice.drafted_at)
FROM invoice, json_each(invoice.snapshot, '$.bill.rows') AS line
WHERE json_extract(line.value, '$.register.kind') = 'active-import' GROUP BY invoice.contract, invoice.period;

-- What an operator confirmed, and who approved it. Neither is ever changed.
CREATE TABLE confirmation (
    id           INTEGER PRIMARY KEY,
    contract     TEXT    NOT NULL REFERENCES account (contract),
    period       INTEGER NOT NULL,
    what         TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    operator     TEXT    NOT NULL,
    confirmed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX confirmation_account ON confirmation (contract, period);
CREATE TABLE approval (
    confirmation_id INTEGER NOT NULL PRIMARY KEY REFERENCES confirmation (id),
    operator        TEXT    NOT NULL,
    approved_at     INTEGER NOT NULL
) STRICT;

-- The ledger: what was charged, what was paid, and whose a payment is said to be. Nothing in it is ever changed.
CREATE TABLE charge (
    id              INTEGER PRIMARY KEY,
    contract        TEXT    NOT NULL REFERENCES account (contract),
    debt            TEXT    NOT NULL CHECK (debt IN ('active', 'reactive', 'limit-consumption', 'limit-power', 'penalty', 'inflation', 'annual-interest', 'transit', 'services', 'advance', 'distribution', 'transmission')),
    period          INTEGER NOT NULL,
    kind            TEXT    NOT NULL CHECK (kind IN ('opening', 'invoice', 'adjustment', 'planned', 'write-off', 'offset')),
    amount          INTEGER NOT NULL,
    due_on          TEXT    NOT NULL,
    booked_at       INTEGER NOT NULL,
    invoice_series  TEXT,
    invoice_year    INTEGER,
    invoice_running INTEGER
) STRICT;
CREATE INDEX charge_account ON charge (contract, booked_at);
CREATE UNIQUE INDEX charge_opening ON charge (contract, debt, period) WHERE kind = 'opening';
CREATE UNIQUE INDEX charge_planned ON charge (contract, debt, period, due_on) WHERE kind = 'planned' AND amount > 0;
CREATE UNIQUE INDEX charge_invoice ON charge (invoice_series, invoice_year, invoice_running, debt) WHERE kind IN ('invoice', 'adjustment');
INSERT INTO charge (contract, debt, period, kind, amount, due_on, booked_at, invoice_series, invoice_year, invoice_running)
SELECT contract, 'active', period, 'invoice', total, json_extract(snapshot, '$.due_on'), drafted_at, series, year, running FROM invoice ORDER BY id;

CREATE TABLE payment (
    id           INTEGER PRIMARY KEY,
    source       TEXT    NOT NULL,
    reference    TEXT    NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    paid_on      TEXT    NOT NULL,
    booked_at    INTEGER NOT NULL,
    payer        TEXT    NOT NULL,
    payer_edrpou TEXT,
    purpose      TEXT    NOT NULL,
    UNIQUE (source, reference)
) STRICT;
CREATE TABLE payment_assignment (
    id          INTEGER PRIMARY KEY,
    payment_id  INTEGER NOT NULL REFERENCES payment (id),
    contract    TEXT    NOT NULL REFERENCES account (contract),
    intent      TEXT    NOT NULL,
    assigned_at INTEGER NOT NULL,
    operator    TEXT
) STRICT;
CREATE INDEX payment_assignment_payment ON payment_assignment (payment_id);
CREATE INDEX payment_assignment_contract ON payment_assignment (contract);

-- The month's run over all accounts, and each account in it as work in a queue.
CREATE TABLE billing_run (
    id          INTEGER PRIMARY KEY,
    period      INTEGER NOT NULL,
    asked_by    TEXT    NOT NULL,
    estimates   INTEGER NOT NULL CHECK (estimates IN (0, 1)),
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX billing_run_open ON billing_run (period) WHERE finished_at IS NULL;
CREATE TABLE run_account (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES billing_run (id),
    contract    TEXT    NOT NULL REFERENCES account (contract),
    state       TEXT    NOT NULL CHECK (state IN ('due', 'billed', 'refused', 'skipped')),
    findings    TEXT    NOT NULL DEFAULT '[]',
    invoice_id  INTEGER REFERENCES invoice (id),
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run_id, contract)
) STRICT;
CREATE INDEX run_account_waiting ON run_account (state, due_at, id);
CREATE INDEX run_account_state ON run_account (run_id, state, id);

CREATE TRIGGER account_version_stays BEFORE UPDATE ON account_version
WHEN OLD.superseded_at IS NOT NULL OR NEW.record <> OLD.record OR NEW.contract <> OLD.contract OR NEW.known_at <> OLD.known_at
BEGIN SELECT RAISE(ABORT, 'what was known of an account is never changed'); END;
CREATE TRIGGER account_version_never_deleted BEFORE DELETE ON account_version
BEGIN SELECT RAISE(ABORT, 'what was known of an account is never deleted'); END;
CREATE TRIGGER reading_stays BEFORE UPDATE ON reading
WHEN OLD.superseded_at IS NOT NULL OR NEW.total <> OLD.total OR NEW.read_on <> OLD.read_on OR NEW.quality <> OLD.quality OR NEW.known_at <> OLD.known_at
BEGIN SELECT RAISE(ABORT, 'a reading is never changed'); END;
CREATE TRIGGER reading_never_deleted BEFORE DELETE ON reading
BEGIN SELECT RAISE(ABORT, 'a reading is never deleted'); END;
CREATE TRIGGER confirmation_stays BEFORE UPDATE ON confirmation
BEGIN SELECT RAISE(ABORT, 'a confirmation is never changed'); END;
CREATE TRIGGER confirmation_never_deleted BEFORE DELETE ON confirmation
BEGIN SELECT RAISE(ABORT, 'a confirmation is never deleted'); END;
CREATE TRIGGER approval_stays BEFORE UPDATE ON approval
BEGIN SELECT RAISE(ABORT, 'an approval is never changed'); END;
CREATE TRIGGER approval_never_deleted BEFORE DELETE ON approval
BEGIN SELECT RAISE(ABORT, 'an approval is never deleted'); END;
CREATE TRIGGER charge_stays BEFORE UPDATE ON charge
BEGIN SELECT RAISE(ABORT, 'a charge is never changed'); END;
CREATE TRIGGER charge_never_deleted BEFORE DELETE ON charge
BEGIN SELECT RAISE(ABORT, 'a charge is never deleted'); END;
CREATE TRIGGER payment_stays BEFORE UPDATE ON payment
BEGIN SELECT RAISE(ABORT, 'a payment is never changed'); END;
CREATE TRIGGER payment_never_deleted BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'a payment is never deleted'); END;
CREATE TRIGGER payment_assignment_stays BEFORE UPDATE ON payment_assignment
BEGIN SELECT RAISE(ABORT, 'whose a payment is said to be is never changed'); END;
CREATE TRIGGER payment_assignment_never_deleted BEFORE DELETE ON payment_assignment
BEGIN SELECT RAISE(ABORT, 'whose a payment is said to be is never deleted'); END;
