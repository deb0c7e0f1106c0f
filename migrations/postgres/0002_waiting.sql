-- Why: an act whose certificates' status nobody can tell now waits for it, and is rejected when it has waited long enough.

ALTER TABLE act ADD COLUMN waiting_since BIGINT;
CREATE INDEX verdict_judged ON verdict (judged_at);
