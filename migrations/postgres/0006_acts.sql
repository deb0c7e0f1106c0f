-- Why: reading acts are made by the house as soon as the last reading is in: which version holds, what it states, and what is still to be made.

-- A row without a version is what is to be looked at; there is one at most of an account's period, and it becomes the act.
CREATE TABLE reading_act (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract    TEXT    NOT NULL REFERENCES account (contract),
    period      BIGINT NOT NULL,
    version     BIGINT,
    state       TEXT    NOT NULL CHECK (state IN ('due', 'unneeded', 'issued', 'signed', 'void')),
    reason      TEXT,
    stated      TEXT,
    xml_sha256  TEXT REFERENCES blob (sha256),
    pdf_sha256  TEXT REFERENCES blob (sha256),
    issued_at   BIGINT,
    attempts    BIGINT NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    fence       BIGINT NOT NULL DEFAULT 0,
    UNIQUE (contract, period, version),
    CHECK (version IS NOT NULL OR state IN ('due', 'unneeded'))
);
CREATE UNIQUE INDEX reading_act_next ON reading_act (contract, period) WHERE state IN ('due', 'unneeded');
CREATE UNIQUE INDEX reading_act_current ON reading_act (contract, period) WHERE state IN ('issued', 'signed');
CREATE INDEX reading_act_waiting ON reading_act (due_at, id) WHERE state = 'due';

-- Forms that operators made before: the newest of each period holds.
INSERT INTO reading_act (contract, period, version, state, pdf_sha256, issued_at, due_at)
SELECT contract, period, ROW_NUMBER() OVER (PARTITION BY contract, period ORDER BY issued_at, sha256),
       CASE WHEN ROW_NUMBER() OVER (PARTITION BY contract, period ORDER BY issued_at DESC, sha256 DESC) = 1 THEN 'issued' ELSE 'void' END,
       sha256, issued_at, issued_at
FROM issued_document WHERE kind = 'reading-act';

CREATE TRIGGER reading_act_stays BEFORE UPDATE ON reading_act FOR EACH ROW WHEN (OLD.version IS NOT NULL AND (NEW.version <> OLD.version OR NEW.pdf_sha256 <> OLD.pdf_sha256 OR NEW.contract <> OLD.contract OR NEW.period <> OLD.period))
EXECUTE FUNCTION refuse('an issued act is never changed');
CREATE TRIGGER reading_act_never_deleted BEFORE DELETE ON reading_act FOR EACH ROW
EXECUTE FUNCTION refuse('a reading act is never deleted');
