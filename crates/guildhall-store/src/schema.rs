//! The tables as diesel sees them, the same for every backend; the SQL that makes them is in
//! `migrations/`. Ids are text (UUID), times `BigInt` microseconds since 1970, documents bytes.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    realms (id) {
        id -> Text,
        name -> Text,
    }
}

table! {
    accounts (id) {
        id -> Text,
        realm_id -> Text,
        login_key -> Text,
        login -> Text,
        password_hash -> Text,
        created_at -> BigInt,
        kind -> Text,
    }
}

table! {
    identities (provider, subject) {
        provider -> Text,
        subject -> Text,
        account_id -> Text,
    }
}

table! {
    tokens (hash) {
        hash -> Binary,
        account_id -> Text,
        device -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        last_used_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

table! {
    bans (account_id) {
        account_id -> Text,
        reason -> Text,
        made_at -> BigInt,
        ends_at -> Nullable<BigInt>,
    }
}

table! {
    campaigns (id) {
        id -> Text,
        realm_id -> Text,
        name -> Text,
        owner_id -> Text,
        rights_epoch -> BigInt,
        created_at -> BigInt,
    }
}

table! {
    campaign_members (campaign_id, account_id) {
        campaign_id -> Text,
        account_id -> Text,
        role -> Text,
        joined_at -> BigInt,
    }
}

table! {
    invites (code_hash) {
        code_hash -> Binary,
        kind -> Text,
        target_id -> Text,
        role -> Text,
        created_by -> Text,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

table! {
    boards (id) {
        id -> Text,
        campaign_id -> Text,
        name -> Text,
        format -> Text,
        head_revision -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

table! {
    board_revisions (board_id, revision) {
        board_id -> Text,
        revision -> BigInt,
        base_revision -> Nullable<BigInt>,
        hash -> Binary,
        size_bytes -> BigInt,
        format -> Text,
        created_by -> Text,
        created_at -> BigInt,
        is_side -> Bool,
    }
}

table! {
    characters (id) {
        id -> Text,
        realm_id -> Text,
        account_id -> Text,
        schema_version -> Integer,
        version -> BigInt,
        state -> Binary,
        updated_at -> BigInt,
        play_epoch -> BigInt,
    }
}

table! {
    guilds (id) {
        id -> Text,
        realm_id -> Text,
        created_at -> BigInt,
        founded_by -> Nullable<Text>,
        disbanded_at -> Nullable<BigInt>,
    }
}

table! {
    guild_members (guild_id, account_id) {
        guild_id -> Text,
        account_id -> Text,
        rank -> Text,
        joined_at -> BigInt,
    }
}

table! {
    ships (guild_id) {
        guild_id -> Text,
        schema_version -> Integer,
        version -> BigInt,
        state -> Binary,
        updated_at -> BigInt,
    }
}

table! {
    names (id) {
        id -> Text,
        realm_id -> Text,
        owner_kind -> Text,
        owner_id -> Text,
        name_key -> Text,
        display -> Text,
        skeleton -> Text,
        key_version -> Integer,
        claimed_at -> BigInt,
        key_hash -> Nullable<BigInt>,
        skeleton_hash -> Nullable<BigInt>,
        written_hash -> Nullable<BigInt>,
        cooling_until -> Nullable<BigInt>,
    }
}

table! {
    batches (seq) {
        seq -> BigInt,
        id -> Text,
        at -> BigInt,
        rows -> BigInt,
        refused -> BigInt,
    }
}

table! {
    flights (batch_id) {
        batch_id -> Text,
        journal_id -> Text,
        runs -> Binary,
    }
}

table! {
    refused_writes (id) {
        id -> BigInt,
        at -> BigInt,
        account_id -> Text,
        session_id -> Nullable<Text>,
        batch -> BigInt,
        write_seq -> BigInt,
        entity_kind -> Text,
        entity_id -> Text,
        version -> BigInt,
        cause -> Text,
        constraint_name -> Nullable<Text>,
        detail -> Text,
        present_version -> Nullable<BigInt>,
        kept_as -> Nullable<BigInt>,
        payload -> Binary,
    }
}

table! {
    entity_history (id) {
        id -> BigInt,
        entity_kind -> Text,
        entity_id -> Text,
        version -> BigInt,
        account_id -> Text,
        session_id -> Nullable<Text>,
        batch -> BigInt,
        write_seq -> BigInt,
        cause -> Text,
        at -> BigInt,
        schema_version -> Nullable<Integer>,
        state -> Nullable<Binary>,
    }
}

table! {
    world (id) {
        id -> Integer,
        world_id -> Text,
        journal_id -> Nullable<Text>,
        epoch -> BigInt,
        holder -> Text,
        since -> BigInt,
    }
}

table! {
    escrows (id) {
        id -> Text,
        from_kind -> Text,
        from_id -> Text,
        from_version -> BigInt,
        to_kind -> Text,
        to_id -> Text,
        what -> Binary,
        given_by -> Text,
        given_at -> BigInt,
        taken_by -> Nullable<Text>,
        taken_at -> Nullable<BigInt>,
        to_version -> Nullable<BigInt>,
    }
}

table! {
    ship_ledger (id) {
        id -> BigInt,
        guild_id -> Text,
        version -> BigInt,
        account_id -> Text,
        session_id -> Nullable<Text>,
        note -> Text,
        at -> BigInt,
    }
}

joinable!(accounts -> realms (realm_id));
joinable!(campaign_members -> campaigns (campaign_id));
joinable!(campaign_members -> accounts (account_id));
joinable!(guild_members -> accounts (account_id));

joinable!(guild_members -> guilds (guild_id));

allow_tables_to_appear_in_same_query!(
    realms,
    accounts,
    identities,
    tokens,
    bans,
    campaigns,
    campaign_members,
    invites,
    boards,
    board_revisions,
    characters,
    guilds,
    guild_members,
    ships,
    names,
    batches,
    flights,
    refused_writes,
    entity_history,
    world,
    escrows,
    ship_ledger,
);
