-- Who may not come in, the operator's words for it, and until when: for ever, where that is not said. A ban that
-- was lifted is no row; one that has ended stays until the next.
CREATE TABLE bans (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    reason TEXT NOT NULL CONSTRAINT bans_reason_length CHECK (length(reason) BETWEEN 1 AND 200),
    made_at BIGINT NOT NULL,
    ends_at BIGINT
);
