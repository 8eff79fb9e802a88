-- The world of one server. Ids are UUIDs as text, times are microseconds since 1970 (UTC),
-- documents are bytes with the version of their schema beside them.

CREATE TABLE realms (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- The realm of whoever says nothing else; the program knows its id.
INSERT INTO realms (id, name) VALUES ('01970000-0000-7000-8000-000000000001', 'main');

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    realm_id TEXT NOT NULL REFERENCES realms (id),
    login_key TEXT NOT NULL CONSTRAINT accounts_login_key_length CHECK (length(login_key) BETWEEN 1 AND 128),
    login TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (realm_id, login_key)
);

-- Outside sign-ins of an account, for the day there are any.
CREATE TABLE identities (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (provider, subject)
);

CREATE TABLE tokens (
    hash BYTEA NOT NULL PRIMARY KEY CONSTRAINT tokens_hash_length CHECK (length(hash) = 32),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX tokens_by_account ON tokens (account_id);

CREATE TABLE campaigns (
    id TEXT NOT NULL PRIMARY KEY,
    realm_id TEXT NOT NULL REFERENCES realms (id),
    name TEXT NOT NULL CONSTRAINT campaigns_name_length CHECK (length(name) BETWEEN 1 AND 128),
    owner_id TEXT NOT NULL REFERENCES accounts (id),
    rights_epoch BIGINT NOT NULL CONSTRAINT campaigns_epoch_positive CHECK (rights_epoch >= 1),
    created_at BIGINT NOT NULL
);

CREATE TABLE campaign_members (
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL CONSTRAINT campaign_members_role CHECK (role IN ('gm', 'player', 'spectator')),
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, account_id)
);
CREATE INDEX campaign_members_by_account ON campaign_members (account_id);

CREATE TABLE invites (
    code_hash BYTEA NOT NULL PRIMARY KEY CONSTRAINT invites_hash_length CHECK (length(code_hash) = 32),
    kind TEXT NOT NULL CONSTRAINT invites_kind CHECK (kind IN ('campaign', 'guild')),
    target_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE boards (
    id TEXT NOT NULL PRIMARY KEY,
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    name TEXT NOT NULL CONSTRAINT boards_name_length CHECK (length(name) BETWEEN 1 AND 128),
    format TEXT NOT NULL,
    head_revision BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX boards_by_campaign ON boards (campaign_id);

CREATE TABLE board_revisions (
    board_id TEXT NOT NULL REFERENCES boards (id),
    revision BIGINT NOT NULL CONSTRAINT board_revisions_revision_positive CHECK (revision >= 1),
    base_revision BIGINT,
    hash BYTEA NOT NULL CONSTRAINT board_revisions_hash_length CHECK (length(hash) = 32),
    size_bytes BIGINT NOT NULL CONSTRAINT board_revisions_size CHECK (size_bytes >= 0),
    format TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    is_side BOOLEAN NOT NULL,
    PRIMARY KEY (board_id, revision)
);

CREATE TABLE characters (
    id TEXT NOT NULL PRIMARY KEY,
    realm_id TEXT NOT NULL REFERENCES realms (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    schema_version INTEGER NOT NULL CONSTRAINT characters_schema_version_positive CHECK (schema_version >= 1),
    version BIGINT NOT NULL CONSTRAINT characters_version_positive CHECK (version >= 1),
    state BYTEA NOT NULL CONSTRAINT characters_state_length CHECK (length(state) <= 65536),
    updated_at BIGINT NOT NULL
);
CREATE INDEX characters_by_account ON characters (account_id);

CREATE TABLE guilds (
    id TEXT NOT NULL PRIMARY KEY,
    realm_id TEXT NOT NULL REFERENCES realms (id),
    created_at BIGINT NOT NULL
);

CREATE TABLE guild_members (
    guild_id TEXT NOT NULL REFERENCES guilds (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    rank TEXT NOT NULL CONSTRAINT guild_members_rank CHECK (rank IN ('leader', 'officer', 'member')),
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (guild_id, account_id)
);
CREATE INDEX guild_members_by_account ON guild_members (account_id);

CREATE TABLE ships (
    guild_id TEXT NOT NULL PRIMARY KEY REFERENCES guilds (id),
    schema_version INTEGER NOT NULL CONSTRAINT ships_schema_version_positive CHECK (schema_version >= 1),
    version BIGINT NOT NULL CONSTRAINT ships_version_positive CHECK (version >= 1),
    state BYTEA NOT NULL CONSTRAINT ships_state_length CHECK (length(state) <= 65536),
    updated_at BIGINT NOT NULL
);

-- Every taken name, of characters and guilds alike. No other table has a unique column that
-- a save could touch, so a name can never spoil a save.
CREATE TABLE names (
    id TEXT NOT NULL PRIMARY KEY,
    realm_id TEXT NOT NULL REFERENCES realms (id),
    owner_kind TEXT NOT NULL CONSTRAINT names_owner_kind CHECK (owner_kind IN ('character', 'guild')),
    owner_id TEXT NOT NULL,
    name_key TEXT NOT NULL CONSTRAINT names_key_length CHECK (length(name_key) BETWEEN 1 AND 256),
    display TEXT NOT NULL CONSTRAINT names_display_length CHECK (length(display) BETWEEN 1 AND 128),
    skeleton TEXT NOT NULL,
    key_version INTEGER NOT NULL,
    claimed_at BIGINT NOT NULL,
    UNIQUE (realm_id, name_key),
    UNIQUE (owner_kind, owner_id)
);

-- One line per committed batch: who finds the id here knows that the batch is durable.
CREATE TABLE batches (
    seq BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    refused BIGINT NOT NULL
);

-- What the database refused, with its payload, written in the transaction of its batch.
CREATE TABLE refused_writes (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    session_id TEXT,
    batch BIGINT NOT NULL,
    write_seq BIGINT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    cause TEXT NOT NULL,
    constraint_name TEXT,
    detail TEXT NOT NULL,
    present_version BIGINT,
    kept_as BIGINT,
    payload BYTEA NOT NULL
);
CREATE INDEX refused_writes_by_batch ON refused_writes (batch);
CREATE INDEX refused_writes_by_entity ON refused_writes (entity_id);

-- One line per committed or refused write of an entity: "where is my ship" is one query.
CREATE TABLE entity_history (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    entity_kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    session_id TEXT,
    batch BIGINT NOT NULL,
    write_seq BIGINT NOT NULL,
    cause TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX entity_history_by_entity ON entity_history (entity_id, version);
