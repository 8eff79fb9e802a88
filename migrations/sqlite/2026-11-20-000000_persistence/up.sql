-- What persistence needs beyond the rows themselves: who owns the world, what fences a save, the states
-- behind the history, names that cool after their release, what travels between a character and a ship.

-- One line: which server has the world. The epoch rises with every start; a writer that finds another
-- epoch than its own has lost the world and gives no more receipts. The world's own id tells its journal
-- from another world's; journal_id is the journal that may hold what was promised and is not here yet.
CREATE TABLE world (
    id INTEGER NOT NULL PRIMARY KEY CONSTRAINT world_is_one CHECK (id = 1),
    world_id TEXT NOT NULL,
    journal_id TEXT,
    epoch BIGINT NOT NULL,
    holder TEXT NOT NULL,
    since BIGINT NOT NULL
);
INSERT INTO world (id, world_id, epoch, holder, since) VALUES (1, lower(hex(randomblob(16))), 0, 'nobody yet', 0);

ALTER TABLE accounts ADD COLUMN kind TEXT NOT NULL DEFAULT 'player'
    CONSTRAINT accounts_kind CHECK (kind IN ('player', 'service'));

-- Rises whenever somebody begins to play the character; a save of an older epoch touches no row.
ALTER TABLE characters ADD COLUMN play_epoch BIGINT NOT NULL DEFAULT 0
    CONSTRAINT characters_play_epoch_positive CHECK (play_epoch >= 0);

-- The state that a line of history made, so that one entity can be put back to one version.
ALTER TABLE entity_history ADD COLUMN schema_version INTEGER;
ALTER TABLE entity_history ADD COLUMN state BLOB;
CREATE INDEX entity_history_by_batch ON entity_history (batch);
-- What a batch carried of a journal whose disk had no room to record it: runs of sequence numbers.
CREATE TABLE flights (
    batch_id TEXT NOT NULL PRIMARY KEY,
    journal_id TEXT NOT NULL,
    runs BLOB NOT NULL
);
-- In the order in which the lines were written: so they are told, and so they are forgotten.
DROP INDEX entity_history_by_entity;
CREATE INDEX entity_history_by_entity ON entity_history (entity_id, id);
DROP INDEX refused_writes_by_entity;
CREATE INDEX refused_writes_by_entity ON refused_writes (entity_id, id);
CREATE INDEX refused_writes_by_account ON refused_writes (account_id, id);

-- What left a character or a ship and has not arrived at the other side, or has: taken at most once.
CREATE TABLE escrows (
    id TEXT NOT NULL PRIMARY KEY,
    from_kind TEXT NOT NULL CONSTRAINT escrows_from_kind CHECK (from_kind IN ('character', 'ship')),
    from_id TEXT NOT NULL,
    from_version BIGINT NOT NULL,
    to_kind TEXT NOT NULL CONSTRAINT escrows_to_kind CHECK (to_kind IN ('character', 'ship')),
    to_id TEXT NOT NULL,
    what BLOB NOT NULL CONSTRAINT escrows_what_length CHECK (length(what) <= 65536),
    given_by TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    taken_by TEXT,
    taken_at BIGINT,
    to_version BIGINT,
    CONSTRAINT escrows_two_lanes CHECK (from_kind <> to_kind)
);
CREATE INDEX escrows_by_target ON escrows (to_id, taken_at);
CREATE INDEX escrows_by_source ON escrows (from_id);

-- One line per change of a ship, in the transaction of that change.
CREATE TABLE ship_ledger (
    id INTEGER NOT NULL PRIMARY KEY,
    guild_id TEXT NOT NULL REFERENCES guilds (id),
    version BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    session_id TEXT,
    note TEXT NOT NULL CONSTRAINT ship_ledger_note_length CHECK (length(note) <= 1024),
    at BIGINT NOT NULL
);
CREATE INDEX ship_ledger_by_guild ON ship_ledger (guild_id, version);

-- A name that was given up cools: it stays taken until then, and only who gave it up can have it back.
-- Hashes of what must be unique and of both looks, so that all names can be loaded without their texts.
CREATE TABLE names_new (
    id TEXT NOT NULL PRIMARY KEY,
    realm_id TEXT NOT NULL REFERENCES realms (id),
    owner_kind TEXT NOT NULL CONSTRAINT names_owner_kind CHECK (owner_kind IN ('character', 'guild', 'reserved')),
    owner_id TEXT NOT NULL,
    name_key TEXT NOT NULL CONSTRAINT names_key_length CHECK (length(name_key) BETWEEN 1 AND 256),
    display TEXT NOT NULL CONSTRAINT names_display_length CHECK (length(display) BETWEEN 1 AND 128),
    skeleton TEXT NOT NULL,
    key_version INTEGER NOT NULL,
    claimed_at BIGINT NOT NULL,
    key_hash BIGINT,
    skeleton_hash BIGINT,
    written_hash BIGINT,
    cooling_until BIGINT,
    UNIQUE (realm_id, name_key)
);
INSERT INTO names_new (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version, claimed_at)
    SELECT id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version, claimed_at FROM names;
DROP TABLE names;
ALTER TABLE names_new RENAME TO names;
CREATE UNIQUE INDEX names_one_each ON names (owner_kind, owner_id) WHERE cooling_until IS NULL;
-- By hash: the parts in which index and database are compared, and the names that a look may be mistaken for.
CREATE INDEX names_by_hash ON names (key_hash);
CREATE INDEX names_by_skeleton ON names (skeleton_hash);
CREATE INDEX names_by_written ON names (written_hash);
CREATE INDEX names_that_cool ON names (cooling_until) WHERE cooling_until IS NOT NULL;
CREATE INDEX names_that_cool_by_owner ON names (owner_id) WHERE cooling_until IS NOT NULL;

-- Who founded a guild, which bounds how many one account founds; and when it was disbanded: nobody can reach it
-- any more, its ship and its history stay.
ALTER TABLE guilds ADD COLUMN founded_by TEXT;
ALTER TABLE guilds ADD COLUMN disbanded_at BIGINT;
CREATE INDEX guilds_by_founder ON guilds (founded_by);
CREATE INDEX invites_by_maker ON invites (created_by, created_at);
CREATE INDEX invites_by_target ON invites (target_id);
