//! The world of the random batches: heroes and ships to be saved, a campaign that gets boards, triggers that
//! refuse, and one way each to be good, bad, or bad and urgent.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::join_all;
use guildhall::hall::HallRef;
use guildhall::persistence::changes::{
    AddInvite, CreateAccount, CreateBoard, InviteKind, JoinGuild, Rename,
};
use guildhall::persistence::{
    Author, Change, EntityKey, EntityKind, NameOwner, OwnerKind, STATE_SCHEMA_VERSION, Save,
};
use guildhall_protocol::{Receipt, Refusal};
use guildhall_store::{DEFAULT_REALM, STATE_BYTES_MAX};
use guildhall_testkit::{Seed, Sql, Then};
use serde_json::json;
use uuid::Uuid;

use super::super::second_writer::SecondWriter;
use super::verdict::{Bad, File, Model, Trial};
use crate::harness::{Player, Server};

const HEROES: usize = 36;
const SHIPS: usize = 12;

/// Every way in which a trigger can refuse a row, named after the word in its state.
const POISON: &[(&str, &str)] = &[
    ("abort", "BEFORE"),
    ("fail", "AFTER"),
    ("rollback", "BEFORE"),
];

fn poison(sql: &Sql) {
    let state = sql.text_of("NEW.state");
    for table in ["characters", "ships"] {
        for (word, when) in POISON {
            let (name, when) = (
                format!("{word}_{table}"),
                format!("{when} UPDATE ON {table}"),
            );
            let raise = word.to_uppercase();
            let condition = format!("{state} LIKE '%{word}%'");
            sql.trigger(&name, &when, &condition, Then::Raise(&raise));
        }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<u32, Refusal>>>>;

/// Writes of a round with their answers to come.
pub type Submitted = Vec<(Trial, Answer)>;

/// See the file's head.
pub struct World {
    pub model: Model,
    pub second: SecondWriter,
    kinds: HashMap<Uuid, EntityKind>,
    campaign: Uuid,
    by: Author,
    hall: HallRef,
    player: Player,
    _server: Server,
}

impl World {
    pub async fn new() -> Self {
        let server = Server::start_with(|config| {
            config.limits.guilds_founded_max = SHIPS;
            // All are of one account, and counted at the end.
            config.limits.refused_lines_per_account_max = 100_000;
            config.limits.refused_lines_max = 100_000;
        });
        let player = server.player("player").await;
        let campaign = player.client.create_campaign("Campaign").await.unwrap();
        let mut world = Self {
            model: Model::new(),
            second: SecondWriter::on(&server),
            kinds: HashMap::new(),
            campaign: campaign.campaign,
            by: Author {
                account: player.account.id(),
                session: None,
            },
            hall: Arc::clone(&server.hall),
            player,
            _server: server,
        };
        world.populate().await;
        poison(&world.second);
        world
    }

    async fn populate(&mut self) {
        let client = &self.player.client;
        let names: Vec<_> = (0..HEROES).map(|n| format!("Hero {n}")).collect();
        let heroes = names
            .iter()
            .map(|name| client.create_character(name, json!({})));
        let heroes = join_all(heroes).await.into_iter();
        let heroes = heroes.map(|hero| (hero.unwrap().0.character, EntityKind::Character));
        let names: Vec<_> = (0..SHIPS).map(|n| format!("Guild {n}")).collect();
        let guilds = names.iter().map(|name| client.create_guild(name));
        let guilds = join_all(guilds).await.into_iter();
        let guilds = guilds.map(|guild| (guild.unwrap().0.guild, EntityKind::Ship));
        self.kinds = heroes.chain(guilds).collect();
        let born = self.kinds.keys().map(|id| (*id, (1, b"{}".to_vec())));
        self.model = born.collect();
    }

    /// Everything that can be saved, in a fixed order.
    pub fn entities(&self) -> Vec<Uuid> {
        let mut entities: Vec<_> = self.model.keys().copied().collect();
        entities.sort();
        entities
    }

    fn save(&self, entity: Uuid, base: u32, state: Vec<u8>) -> Answer {
        let kind = self.kinds.get(&entity).copied();
        let kind = kind.unwrap_or(EntityKind::Character);
        let save = Save {
            key: EntityKey { kind, id: entity },
            base_version: base,
            schema_version: STATE_SCHEMA_VERSION,
            state: state.into(),
            fence: None,
            by: self.by,
        };
        let saved = self.hall.save(save, Receipt::Durable);
        Box::pin(async move { saved.await.map(|saved| saved.version) })
    }

    fn change(&self, change: Change) -> Answer {
        Box::pin(self.hall.change(change, self.by))
    }

    fn board(&self, id: Uuid, campaign: Uuid) -> Change {
        let (name, format) = ("Cave".to_owned(), "opaque".to_owned());
        Change::CreateBoard(CreateBoard {
            id,
            campaign,
            name,
            format,
        })
    }

    /// One to three saves on top of each other, and now and then a board.
    pub fn submit_good(&mut self, seed: &mut Seed, entity: Uuid, to: &mut Submitted) {
        for _ in 0..=seed.below(3) {
            let state = format!("{{\"gold\":{}}}", seed.below(1_000_000)).into_bytes();
            let held = self.model.get_mut(&entity).unwrap();
            let base = held.0;
            *held = (base + 1, state.clone());
            to.push((
                trial(entity, base + 1, None),
                self.save(entity, base, state),
            ));
        }
        if seed.chance(5) {
            let board = Uuid::now_v7();
            let change = self.board(board, self.campaign);
            to.push((trial(board, 1, None), self.change(change)));
        }
    }

    /// One write that must be refused. What would build on the entity's waiting saves builds on them.
    pub fn submit_bad(&mut self, seed: &mut Seed, entity: Uuid, to: &mut Submitted) {
        let waits = to.iter().any(|(trial, _)| trial.entity == entity);
        let base = self.model[&entity].0;
        let bad = |bad| trial(entity, base + 1, Some(bad));
        let written = match seed.below(8) {
            0 | 1 => {
                let poison = *seed.pick(&["abort", "fail", "rollback"]);
                let state = format!("\"{poison}\"").into_bytes();
                (bad(Bad::Trigger), self.save(entity, base, state))
            }
            2 => {
                let state = vec![b' '; STATE_BYTES_MAX + 1 + seed.below(100)];
                (bad(Bad::TooLarge), self.save(entity, base, state))
            }
            // A save beside one that waits is turned away by the buffer and leaves no record.
            3 if !waits => {
                let base = *seed.pick(&[base + 1, base + 7, base.saturating_sub(1)]);
                let state = b"\"stale\"".to_vec();
                (bad(Bad::Stale), self.save(entity, base, state))
            }
            4 => {
                let nobody = Uuid::now_v7();
                let answer = self.save(nobody, base, b"{}".to_vec());
                (trial(nobody, base + 1, Some(Bad::Gone)), answer)
            }
            5 => self.breaks(Bad::Unique, seed),
            6 => self.breaks(Bad::Check, seed),
            _ => self.breaks(Bad::ForeignKey, seed),
        };
        to.push(written);
    }

    /// A change, none of them urgent, that breaks a constraint of the schema.
    fn breaks(&self, bad: Bad, seed: &mut Seed) -> (Trial, Answer) {
        let id = Uuid::now_v7();
        let account = |login_key: String| {
            Change::CreateAccount(CreateAccount {
                id,
                realm: DEFAULT_REALM,
                login: login_key.clone(),
                login_key,
                password_hash: String::new(),
            })
        };
        let change = match bad {
            Bad::Unique => account("player".to_owned()),
            Bad::Check => account("long".repeat(33 + seed.below(9))),
            _ if seed.chance(50) => self.board(id, Uuid::now_v7()),
            _ => Change::AddInvite(AddInvite {
                open_max: usize::MAX,
                ttl_us: 1,
                code_hash: *blake3::hash(id.as_bytes()).as_bytes(),
                kind: InviteKind::Campaign,
                target: id,
                role: "member",
                created_by: Uuid::now_v7(),
            }),
        };
        (trial(id, 1, Some(bad)), self.change(change))
    }

    /// A bad change that closes the window: a name that is taken, or a rank or guild that is not.
    pub fn submit_urgent(&mut self, entity: Uuid, to: &mut Submitted) {
        let guild = Uuid::now_v7();
        let (subject, bad, change) = match self.kinds[&entity] {
            EntityKind::Character => {
                let taken = guildhall_rules::names::name_key("Guild 0").unwrap();
                let name = guildhall::names::row(DEFAULT_REALM, &taken);
                let kind = OwnerKind::Character;
                let owner = NameOwner { kind, id: entity };
                (
                    entity,
                    Bad::Unique,
                    Change::Rename(Rename {
                        owner,
                        name,
                        cooling_us: 1,
                        nameless: false,
                    }),
                )
            }
            EntityKind::Ship => {
                let join = JoinGuild {
                    invite: None,
                    members_max: usize::MAX,
                    guild,
                    account: self.by.account,
                    rank: "member",
                };
                (guild, Bad::ForeignKey, Change::JoinGuild(join))
            }
        };
        to.push((trial(subject, 1, Some(bad)), self.change(change)));
    }

    /// What the file holds, and what the batches after number `seq` wrote and refused.
    pub fn file_after(&self, seq: i64) -> File {
        let second = &self.second;
        let rows = second.rows(
            "SELECT id, version, state FROM characters
             UNION ALL SELECT guild_id, version, state FROM ships",
        );
        let refused = format!("SELECT entity_id, cause FROM refused_writes WHERE batch > {seq}");
        let refused = second.rows(&refused);
        let written = format!(
            "SELECT entity_id FROM entity_history
             WHERE batch > {seq} AND cause IN ('saved', 'created')"
        );
        let held = rows
            .iter()
            .map(|row| (row[0].parse(), (row[1].parse(), row[2].bytes())));
        let refused = refused
            .iter()
            .map(|row| (row[0].parse(), row[1].as_str().to_owned()));
        File {
            rows: held.collect(),
            made: second.ids("SELECT id FROM boards"),
            refused: refused.collect(),
            written: second.ids(&written),
        }
    }

    /// That the front door opens still.
    pub async fn serves(&self) -> bool {
        let listed = self.player.client.characters().await;
        listed.is_ok_and(|characters| characters.len() == HEROES)
    }
}

fn trial(entity: Uuid, version: u32, bad: Option<Bad>) -> Trial {
    Trial {
        entity,
        version,
        bad,
        answer: None,
    }
}
