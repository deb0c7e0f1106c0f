-- Why: that a certificate of ours ends is told once at each threshold, however often and by however many daemons it is looked at.

CREATE TABLE certificate_told (
    certificate_sha256 TEXT   NOT NULL,
    days               BIGINT NOT NULL CHECK (days IN (0, 1, 7, 30)),
    told_at            BIGINT NOT NULL,
    PRIMARY KEY (certificate_sha256, days)
);
