//! One value of every message, with every optional field filled.

use guildhall_protocol::{
    Answer, Ask, BoardView, CampaignView, CharacterState, CharacterSummary, CharacterVersion,
    CharacterView, Code, EscrowView, Event, GiveToCharacter, GiveToGuild, GuildMember,
    GuildSummary, GuildView, Head, Heartbeat, LedgerLine, Limits, Member, Position, Rank, Receipt,
    Refusal, Role, SavingState, ShipView, Warning,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub fn state() -> Value {
    json!({"hp": 7, "wounds": ["left arm", null], "at": [0.5, -3]})
}

pub fn head() -> Head {
    Head {
        revision: 3,
        hash: "ab".repeat(32),
        size_bytes: 1_887_436,
        format: "universal-vtt".into(),
        created_at_us: 1_700_000_000_000_000,
        by: id(9),
    }
}

pub fn asks() -> Vec<Ask> {
    let name = || "Aino".to_owned();
    let (base_version, state) = (4, state());
    vec![
        Ask::SessionHello {
            build: "game 1.2".into(),
            device: Some("laptop".into()),
            features: vec!["resume".into()],
        },
        Ask::SessionKeepalive {},
        Ask::CampaignCreate { name: name() },
        Ask::CampaignList {},
        Ask::CampaignInvite {
            campaign: id(1),
            role: Role::Spectator,
        },
        Ask::CampaignJoin { code: "K7".into() },
        Ask::CampaignMembers { campaign: id(1) },
        Ask::BoardCreate {
            campaign: id(1),
            name: name(),
            format: "opaque".into(),
        },
        Ask::BoardList { campaign: id(1) },
        Ask::BoardOpen { board: id(2) },
        Ask::BoardClose { board: id(2) },
        Ask::BoardStatus { board: id(2) },
        Ask::BoardLoaded {
            board: id(2),
            revision: 3,
            hash: "cd".repeat(32),
        },
        Ask::BoardUpload {
            board: id(2),
            base: Some(3),
            size_bytes: 70_000,
            format: Some("opaque".into()),
        },
        Ask::BoardCommit {
            upload: id(3),
            hash: Some("ef".repeat(32)),
        },
        Ask::BoardAbandon { upload: id(3) },
        Ask::CharacterCreate {
            name: name(),
            state: state.clone(),
        },
        Ask::CharacterList { after: Some(id(4)) },
        Ask::CharacterGet { character: id(4) },
        Ask::CharacterPlay { character: id(4) },
        Ask::CharacterLeave { character: id(4) },
        Ask::CharacterSave {
            character: id(4),
            base_version,
            state: state.clone(),
            until: Some(Receipt::Safe),
            give: vec![GiveToGuild {
                escrow: id(10),
                to_guild: id(5),
                what: json!("rope"),
            }],
            take: vec![id(11)],
        },
        Ask::CharacterRename {
            character: id(4),
            name: name(),
        },
        Ask::SavesTogether {
            saves: vec![CharacterState {
                character: id(4),
                base_version,
                state: state.clone(),
            }],
            until: Some(Receipt::Durable),
        },
        Ask::GuildCreate { name: name() },
        Ask::GuildList {},
        Ask::GuildInvite { guild: id(5) },
        Ask::GuildJoin { code: "K8".into() },
        Ask::GuildGet { guild: id(5) },
        Ask::GuildSetRank {
            guild: id(5),
            account: id(9),
            rank: Rank::Officer,
        },
        Ask::GuildKick {
            guild: id(5),
            account: id(9),
        },
        Ask::GuildLeave { guild: id(5) },
        Ask::GuildDisband { guild: id(5) },
        Ask::ShipSave {
            guild: id(5),
            base_version,
            state,
            until: Some(Receipt::Durable),
            give: vec![GiveToCharacter {
                escrow: id(12),
                to_character: id(4),
                what: json!({"gold": 3}),
            }],
            take: vec![id(10)],
            note: Some("Sold the rope.".into()),
        },
        Ask::ShipLedger {
            guild: id(5),
            before: Some(4),
        },
        Ask::EscrowList {
            character: Some(id(4)),
            guild: None,
            after: Some(id(12)),
        },
    ]
}

pub fn answers() -> Vec<Answer> {
    let (receipt, version) = (Receipt::Durable, 5);
    let mut all = vec![
        welcome(),
        Answer::SessionKeptAlive { at_us: 1 },
        Answer::CampaignCreated {
            campaign: campaign(),
        },
        Answer::CampaignListed {
            campaigns: vec![campaign()],
        },
        Answer::CampaignInvited {
            campaign: id(1),
            code: "K7".into(),
            role: Role::Player,
        },
        Answer::CampaignJoined {
            campaign: campaign(),
        },
        Answer::CampaignMembersListed {
            campaign: id(1),
            members: vec![member()],
        },
    ];
    all.extend(board_answers());
    all.extend([
        Answer::CharacterCreated {
            character: character(),
            receipt,
        },
        Answer::CharacterListed {
            characters: vec![CharacterSummary {
                character: id(4),
                name: "Aino".into(),
                version,
            }],
        },
        Answer::CharacterGot {
            character: character(),
            receipt: Receipt::Safe,
        },
        Answer::CharacterPlayed {
            character: character(),
            play_epoch: 2,
        },
        Answer::CharacterLeft { character: id(4) },
        Answer::CharacterSaved {
            character: id(4),
            version,
            receipt,
        },
        Answer::CharacterRenamed {
            character: id(4),
            name: "Väinö".into(),
            receipt,
        },
        Answer::SavesDone {
            saved: vec![CharacterVersion {
                character: id(4),
                version,
            }],
            receipt,
        },
        Answer::GuildCreated {
            guild: guild(),
            receipt,
        },
        Answer::GuildListed {
            guilds: vec![GuildSummary {
                guild: id(5),
                name: "Sampo".into(),
                rank: Rank::Member,
            }],
        },
        Answer::GuildInvited {
            guild: id(5),
            code: "K8".into(),
        },
        Answer::GuildJoined {
            guild: guild(),
            receipt,
        },
        Answer::GuildGot { guild: guild() },
        Answer::GuildRankSet {
            guild: id(5),
            account: id(9),
            rank: Rank::Officer,
            receipt,
        },
        Answer::GuildKicked {
            guild: id(5),
            account: id(9),
            receipt,
        },
        Answer::GuildLeft {
            guild: id(5),
            receipt,
        },
        Answer::GuildDisbanded {
            guild: id(5),
            receipt,
        },
        Answer::ShipSaved {
            guild: id(5),
            version,
            receipt,
        },
        Answer::ShipLedgerTold {
            guild: id(5),
            lines: vec![LedgerLine {
                version,
                by: id(9),
                login: "aino".into(),
                note: "Sold the rope.".into(),
                at_us: 1,
            }],
        },
        Answer::EscrowListed {
            escrows: vec![EscrowView {
                escrow: id(10),
                from: id(4),
                to: id(5),
                what: json!("rope"),
                given_by: id(9),
                given_at_us: 1,
            }],
        },
    ]);
    all
}

pub fn events() -> Vec<Event> {
    let (reason, version) = ("refused_by_database".to_owned(), 5);
    vec![
        Event::BoardHeadMoved {
            board: id(2),
            head: head(),
            download: "/v1/boards/b/revisions/3".into(),
            by_upload: Some(id(3)),
        },
        Event::BoardUnbound {
            board: id(2),
            reason: "panic".into(),
        },
        Event::BoardAudienceChanged {
            board: id(2),
            audience: 2,
        },
        Event::UploadRefused {
            upload: id(3),
            error: refusal(),
        },
        Event::CharacterReloaded {
            character: id(4),
            reason: reason.clone(),
            version,
            state: state(),
        },
        Event::CharacterDurable {
            character: id(4),
            version,
        },
        Event::CharacterReplaced {
            character: id(4),
            reason: "played_elsewhere".into(),
        },
        Event::GuildMemberJoined {
            guild: id(5),
            member: guild_member(),
        },
        Event::GuildRankChanged {
            guild: id(5),
            account: id(9),
            rank: Rank::Member,
            by: id(8),
        },
        Event::GuildMemberLeft {
            guild: id(5),
            account: id(9),
            by: id(8),
        },
        Event::GuildGone {
            guild: id(5),
            by: id(8),
        },
        Event::ShipChanged {
            guild: id(5),
            version,
            by: id(9),
            receipt: Receipt::Durable,
        },
        Event::ShipReloaded {
            guild: id(5),
            reason,
            version,
            state: state(),
        },
        Event::ShipDurable {
            guild: id(5),
            version,
        },
        Event::SessionEnding {
            cause: "kicked".into(),
            reason: Some("it came to blows".into()),
            reconnect_after_ms: Some(1_500),
        },
        Event::ServerSaving {
            state: SavingState::SavingDelayed,
            oldest_unsaved_ms: Some(2_100),
        },
        Event::CharacterNameChanged {
            character: id(9),
            name: "Anna".into(),
            reason: "renamed".into(),
        },
        Event::GuildNameChanged {
            guild: id(10),
            name: "Corsairs".into(),
            reason: "it was mistaken for another".into(),
        },
    ]
}

pub fn refusal() -> Refusal {
    Refusal::new(Code::StaleBase, "The head is revision 3, the base was 2.")
        .detail(json!({ "head": head() }))
}

fn board_answers() -> Vec<Answer> {
    let position = Position {
        incarnation: id(6),
        seq: 17,
    };
    vec![
        Answer::BoardCreated { board: board() },
        Answer::BoardListed {
            boards: vec![board()],
        },
        Answer::BoardOpened {
            board: board(),
            role: Role::Gm,
            audience: 2,
            position,
            download: Some("/v1/boards/b/revisions/3".into()),
        },
        Answer::BoardClosed { board: id(2) },
        Answer::BoardStatusTold {
            board: id(2),
            head: Some(head()),
            audience: 2,
            position,
            durable_through: 16,
            unsaved_since_us: Some(1),
        },
        Answer::BoardLoadNoted {
            board: id(2),
            revision: 3,
        },
        Answer::BoardUploadReady {
            upload: id(3),
            board: id(2),
            base: Some(3),
            chunk_bytes_max: 65_536,
            expires_at_us: 1,
        },
        Answer::BoardCommitted {
            board: id(2),
            head: head(),
            warnings: vec![Warning {
                code: "points_outside".into(),
                message: "Two.".into(),
            }],
        },
        Answer::BoardAbandoned { upload: id(3) },
    ]
}

pub fn welcome() -> Answer {
    Answer::SessionWelcome {
        saving: Some(SavingState::ReadOnly),
        version: "guildhall.v1".into(),
        server_build: "guildhall 0.1.0".into(),
        session: id(7),
        account: id(9),
        login: "aino".into(),
        realm: "main".into(),
        limits: Limits {
            frame_bytes_max: 67_584,
            message_bytes_max: 262_144,
            chunk_bytes_max: 65_536,
            upload_bytes_max: 134_217_728,
            state_bytes_max: 65_536,
            outbox_frames_max: 256,
            outbox_bytes_max: 1_048_576,
        },
        heartbeat: Heartbeat {
            ping_interval_ms: 10_000,
            liveness_timeout_ms: 15_000,
            keepalive_interval_ms: 300_000,
            idle_timeout_ms: 3_600_000,
        },
    }
}

fn campaign() -> CampaignView {
    CampaignView {
        campaign: id(1),
        name: "Kalevala".into(),
        realm: "main".into(),
        role: Role::Gm,
        rights_epoch: 2,
    }
}

fn member() -> Member {
    Member {
        account: id(9),
        login: "aino".into(),
        role: Role::Gm,
        online: true,
    }
}

fn board() -> BoardView {
    BoardView {
        board: id(2),
        campaign: id(1),
        name: "Cave".into(),
        format: "universal-vtt".into(),
        head: Some(head()),
    }
}

fn character() -> CharacterView {
    CharacterView {
        character: id(4),
        name: "Aino".into(),
        version: 5,
        state: state(),
    }
}

fn guild_member() -> GuildMember {
    GuildMember {
        account: id(9),
        login: "aino".into(),
        rank: Rank::Leader,
    }
}

fn guild() -> GuildView {
    GuildView {
        guild: id(5),
        name: "Sampo".into(),
        rank: Rank::Leader,
        invite_code: Some("K8".into()),
        members: vec![guild_member()],
        ship: ShipView {
            version: 1,
            state: state(),
            receipt: Receipt::Durable,
        },
    }
}
