DROP INDEX invites_by_target;
DROP INDEX invites_by_maker;
DROP INDEX guilds_by_founder;
ALTER TABLE guilds DROP COLUMN disbanded_at;
ALTER TABLE guilds DROP COLUMN founded_by;
DROP INDEX names_one_each;
CREATE TABLE names_old (
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
INSERT INTO names_old SELECT id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version, claimed_at
    FROM names WHERE cooling_until IS NULL AND owner_kind <> 'reserved';
DROP TABLE names;
ALTER TABLE names_old RENAME TO names;
DROP TABLE ship_ledger;
DROP TABLE escrows;
DROP TABLE flights;
DROP INDEX refused_writes_by_account;
DROP INDEX refused_writes_by_entity;
CREATE INDEX refused_writes_by_entity ON refused_writes (entity_id);
DROP INDEX entity_history_by_entity;
CREATE INDEX entity_history_by_entity ON entity_history (entity_id, version);
DROP INDEX entity_history_by_batch;
ALTER TABLE entity_history DROP COLUMN state;
ALTER TABLE entity_history DROP COLUMN schema_version;
ALTER TABLE characters DROP COLUMN play_epoch;
ALTER TABLE accounts DROP COLUMN kind;
DROP TABLE world;
