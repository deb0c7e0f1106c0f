-- Why: the whole of billing. What was known when of accounts, prices and readings; interval data; what was confirmed, charged and paid; the month's run.
-- `known_at` is when we learned of something, `superseded_at` when we learned better; 0 is "before anybody kept count".

-- The truth about an account. Its tables beside this one are the index by which accounts are found.
CREATE TABLE account_version (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract      TEXT    NOT NULL REFERENCES account (contract),
    record        TEXT    NOT NULL,
    item_id       BIGINT REFERENCES item (id),
    known_at      BIGINT NOT NULL,
    superseded_at BIGINT
);
CREATE UNIQUE INDEX account_version_current ON account_version (contract) WHERE superseded_at IS NULL;
CREATE INDEX account_version_known ON account_version (contract, known_at);
CREATE INDEX account_edrpou ON account (edrpou);

-- Through which point a point is or was ever fed; when, its account's versions say.
CREATE TABLE fed_point (
    eic     TEXT NOT NULL REFERENCES usage_point (eic),
    through TEXT NOT NULL,
    PRIMARY KEY (eic, through)
);
CREATE INDEX fed_point_through ON fed_point (through);

ALTER TABLE tariff DROP CONSTRAINT tariff_component_check;
ALTER TABLE tariff ADD CONSTRAINT tariff_component_check CHECK (component IN ('supply', 'transmission', 'distribution', 'reactive', 'power'));
ALTER TABLE tariff ADD COLUMN known_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tariff ADD COLUMN superseded_at BIGINT;

ALTER TABLE parameter ADD COLUMN known_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parameter ADD COLUMN superseded_at BIGINT;

-- Which zone each hour of the day belongs to; months and hours are JSON lists.
CREATE TABLE zone_hours (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheme        TEXT    NOT NULL CHECK (scheme IN ('two', 'three')),
    months        TEXT    NOT NULL,
    hours         TEXT    NOT NULL,
    valid_from    TEXT    NOT NULL,
    valid_to      TEXT,
    known_at      BIGINT NOT NULL,
    superseded_at BIGINT
);

-- A control reading is one of its day, every other the only one of its occasion in the period: `slot` is that day, or empty.
-- An estimate comes from no item.
ALTER TABLE reading ALTER COLUMN item_id DROP NOT NULL;
ALTER TABLE reading ADD COLUMN occasion TEXT NOT NULL DEFAULT 'period-end' CHECK (occasion IN ('period-end', 'installed', 'removed', 'control'));
ALTER TABLE reading ADD COLUMN slot TEXT NOT NULL DEFAULT '';
DROP INDEX reading_current;
CREATE UNIQUE INDEX reading_current ON reading (point, serial, kind, zone, period, occasion, slot) WHERE superseded_at IS NULL;
CREATE INDEX reading_superseded ON reading (point, period) WHERE superseded_at IS NOT NULL;

-- Energy of equal intervals, as delivered: `amounts` is a JSON list of thousandths of a kWh or kvarh. Current rows never overlap.
CREATE TABLE interval_series (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    point         TEXT    NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('active-import', 'reactive-import', 'reactive-export')),
    starts_at     BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    minutes       BIGINT NOT NULL CHECK (minutes IN (15, 30, 60)),
    amounts       TEXT    NOT NULL,
    item_id       BIGINT NOT NULL REFERENCES item (id),
    known_at      BIGINT NOT NULL,
    superseded_at BIGINT,
    CHECK (starts_at < ends_at)
);
CREATE UNIQUE INDEX interval_series_current ON interval_series (point, kind, starts_at) WHERE superseded_at IS NULL;
CREATE INDEX interval_series_point ON interval_series (point, starts_at);

-- Active energy of closed months, kWh, for the bounds of R-PLAUS.
CREATE TABLE billed_volume (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract      TEXT    NOT NULL REFERENCES account (contract),
    period        BIGINT NOT NULL,
    active        BIGINT NOT NULL,
    known_at      BIGINT NOT NULL,
    superseded_at BIGINT
);
CREATE UNIQUE INDEX billed_volume_current ON billed_volume (contract, period) WHERE superseded_at IS NULL;
CREATE INDEX billed_volume_account ON billed_volume (contract, period);
INSERT INTO billed_volume (contract, period, active, known_at)
SELECT invoice.contract, invoice.period, SUM((line.value ->> 'volume')::bigint)::bigint, MAX(invoice.drafted_at)
FROM invoice CROSS JOIN LATERAL jsonb_array_elements(invoice.snapshot::jsonb -> 'bill' -> 'rows') AS line (value)
WHERE line.value -> 'register' ->> 'kind' = 'active-import' GROUP BY invoice.contract, invoice.period;

-- What an operator confirmed, and who approved it. Neither is ever changed.
CREATE TABLE confirmation (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract     TEXT    NOT NULL REFERENCES account (contract),
    period       BIGINT NOT NULL,
    what         TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    operator     TEXT    NOT NULL,
    confirmed_at BIGINT NOT NULL
);
CREATE INDEX confirmation_account ON confirmation (contract, period);
CREATE TABLE approval (
    confirmation_id BIGINT NOT NULL PRIMARY KEY REFERENCES confirmation (id),
    operator        TEXT    NOT NULL,
    approved_at     BIGINT NOT NULL
);

-- The ledger: what was charged, what was paid, and whose a payment is said to be. Nothing in it is ever changed.
CREATE TABLE charge (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract        TEXT    NOT NULL REFERENCES account (contract),
    debt            TEXT    NOT NULL CHECK (debt IN ('active', 'reactive', 'limit-consumption', 'limit-power', 'penalty', 'inflation', 'annual-interest', 'transit', 'services', 'advance', 'distribution', 'transmission')),
    period          BIGINT NOT NULL,
    kind            TEXT    NOT NULL CHECK (kind IN ('opening', 'invoice', 'adjustment', 'planned', 'write-off', 'offset')),
    amount          BIGINT NOT NULL,
    due_on          TEXT    NOT NULL,
    booked_at       BIGINT NOT NULL,
    invoice_series  TEXT,
    invoice_year    BIGINT,
    invoice_running BIGINT
);
CREATE INDEX charge_account ON charge (contract, booked_at);
CREATE UNIQUE INDEX charge_opening ON charge (contract, debt, period) WHERE kind = 'opening';
CREATE UNIQUE INDEX charge_planned ON charge (contract, debt, period, due_on) WHERE kind = 'planned' AND amount > 0;
CREATE UNIQUE INDEX charge_invoice ON charge (invoice_series, invoice_year, invoice_running, debt) WHERE kind IN ('invoice', 'adjustment');
INSERT INTO charge (contract, debt, period, kind, amount, due_on, booked_at, invoice_series, invoice_year, invoice_running)
SELECT contract, 'active', period, 'invoice', total, snapshot::jsonb ->> 'due_on', drafted_at, series, year, running FROM invoice ORDER BY id;

CREATE TABLE payment (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       TEXT    NOT NULL,
    reference    TEXT    NOT NULL,
    amount       BIGINT NOT NULL CHECK (amount > 0),
    paid_on      TEXT    NOT NULL,
    booked_at    BIGINT NOT NULL,
    payer        TEXT    NOT NULL,
    payer_edrpou TEXT,
    purpose      TEXT    NOT NULL,
    UNIQUE (source, reference)
);
CREATE TABLE payment_assignment (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id  BIGINT NOT NULL REFERENCES payment (id),
    contract    TEXT    NOT NULL REFERENCES account (contract),
    intent      TEXT    NOT NULL,
    assigned_at BIGINT NOT NULL,
    operator    TEXT
);
CREATE INDEX payment_assignment_payment ON payment_assignment (payment_id);
CREATE INDEX payment_assignment_contract ON payment_assignment (contract);

-- The month's run over all accounts, and each account in it as work in a queue.
CREATE TABLE billing_run (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    period      BIGINT NOT NULL,
    asked_by    TEXT    NOT NULL,
    estimates   BIGINT NOT NULL CHECK (estimates IN (0, 1)),
    started_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX billing_run_open ON billing_run (period) WHERE finished_at IS NULL;
CREATE TABLE run_account (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      BIGINT NOT NULL REFERENCES billing_run (id),
    contract    TEXT    NOT NULL REFERENCES account (contract),
    state       TEXT    NOT NULL CHECK (state IN ('due', 'billed', 'refused', 'skipped')),
    findings    TEXT    NOT NULL DEFAULT '[]',
    invoice_id  BIGINT REFERENCES invoice (id),
    attempts    BIGINT NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    fence       BIGINT NOT NULL DEFAULT 0,
    UNIQUE (run_id, contract)
);
CREATE INDEX run_account_waiting ON run_account (state, due_at, id);
CREATE INDEX run_account_state ON run_account (run_id, state, id);

CREATE TRIGGER account_version_stays BEFORE UPDATE ON account_version FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL OR NEW.record <> OLD.record OR NEW.contract <> OLD.contract OR NEW.known_at <> OLD.known_at)
EXECUTE FUNCTION refuse('what was known of an account is never changed');
CREATE TRIGGER account_version_never_deleted BEFORE DELETE ON account_version FOR EACH ROW
EXECUTE FUNCTION refuse('what was known of an account is never deleted');
CREATE TRIGGER reading_stays BEFORE UPDATE ON reading FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL OR NEW.total <> OLD.total OR NEW.read_on <> OLD.read_on OR NEW.quality <> OLD.quality OR NEW.known_at <> OLD.known_at)
EXECUTE FUNCTION refuse('a reading is never changed');
CREATE TRIGGER reading_never_deleted BEFORE DELETE ON reading FOR EACH ROW
EXECUTE FUNCTION refuse('a reading is never deleted');
CREATE TRIGGER confirmation_stays BEFORE UPDATE ON confirmation FOR EACH ROW
EXECUTE FUNCTION refuse('a confirmation is never changed');
CREATE TRIGGER confirmation_never_deleted BEFORE DELETE ON confirmation FOR EACH ROW
EXECUTE FUNCTION refuse('a confirmation is never deleted');
CREATE TRIGGER approval_stays BEFORE UPDATE ON approval FOR EACH ROW
EXECUTE FUNCTION refuse('an approval is never changed');
CREATE TRIGGER approval_never_deleted BEFORE DELETE ON approval FOR EACH ROW
EXECUTE FUNCTION refuse('an approval is never deleted');
CREATE TRIGGER charge_stays BEFORE UPDATE ON charge FOR EACH ROW
EXECUTE FUNCTION refuse('a charge is never changed');
CREATE TRIGGER charge_never_deleted BEFORE DELETE ON charge FOR EACH ROW
EXECUTE FUNCTION refuse('a charge is never deleted');
CREATE TRIGGER payment_stays BEFORE UPDATE ON payment FOR EACH ROW
EXECUTE FUNCTION refuse('a payment is never changed');
CREATE TRIGGER payment_never_deleted BEFORE DELETE ON payment FOR EACH ROW
EXECUTE FUNCTION refuse('a payment is never deleted');
CREATE TRIGGER payment_assignment_stays BEFORE UPDATE ON payment_assignment FOR EACH ROW
EXECUTE FUNCTION refuse('whose a payment is said to be is never changed');
CREATE TRIGGER payment_assignment_never_deleted BEFORE DELETE ON payment_assignment FOR EACH ROW
EXECUTE FUNCTION refuse('whose a payment is said to be is never deleted');
