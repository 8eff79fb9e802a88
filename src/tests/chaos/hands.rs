//! What one client does between two kills: three hands at once, at saves, at the ship and at boards, each as
//! fast as it is answered, until the connection is lost. What is refused though it must not be, fails the test.

use std::convert::Infallible;

use futures_util::future::join_all;
use guildhall_client::{Client, ClientError};
use guildhall_protocol::{Code, Receipt};
use guildhall_testkit::Seed;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::crew::Sailor;
use crate::ledger::{Content, Kind, Log, Thing};

/// Works until the connection ends.
type Work = Result<Infallible, ClientError>;

/// Heroes that are saved between two kills, and one new one; others rest.
const HEROES_ACTIVE: usize = 4;
/// Saves on top of each other that are sent before the first is answered.
const CHAIN_MAX: usize = 3;

/// A client at work.
pub struct Hands<'a> {
    pub client: Client,
    pub sailor: &'a Sailor,
    pub guild: Uuid,
    pub shared_board: Uuid,
    pub log: &'a Log,
    /// Whether the database goes away now and then. Then something may be refused for that, and what was refused
    /// may have been done.
    pub outages: bool,
}

/// A character as its player knows it.
#[derive(Clone, Copy)]
struct Hero {
    id: Uuid,
    /// Its maker's id for it.
    of: Uuid,
    version: u32,
    /// The number in its name.
    named: u32,
}

/// The maker's id in a state.
pub fn of(state: &Value) -> Uuid {
    let text = state["of"].as_str().unwrap_or_else(|| panic!("{state}"));
    text.parse().unwrap()
}

/// The name of a hero, by its maker's id; each number another.
pub fn name(of: Uuid, number: u32) -> String {
    format!("Hero {} {number}", of.as_u128() % 10_000_000_000)
}

/// A name as something that was sent: the number is the version.
pub fn name_content(name: &str) -> Content {
    let (_, number) = name.rsplit_once(' ').unwrap();
    Content::of(number.parse().unwrap(), name.as_bytes())
}

/// What may be refused while the database is away, and once it is back to somebody who does not know what became of
/// what he sent.
const AWAY: &[Code] = &[
    Code::Unavailable,
    Code::Overloaded,
    Code::StaleVersion,
    Code::StaleBase,
    Code::BaseNotLoaded,
    Code::NameTaken,
];

impl Hands<'_> {
    /// How the connection ended.
    pub async fn work(&self, seed: &mut Seed) -> ClientError {
        let mut fork = || Seed::from_number(seed.next_u64());
        let (saves, ship, boards) = (fork(), fork(), fork());
        let done = tokio::try_join!(
            self.save_heroes(saves),
            self.save_ship(ship),
            self.upload(boards)
        );
        done.map(|(never, _, _)| match never {}).unwrap_err()
    }

    /// A refusal is a defect of the server unless somebody else may have been first, or the database was away.
    fn tried<T>(
        &self,
        answer: Result<T, ClientError>,
        in_a_race: &[Code],
    ) -> Result<Option<T>, ClientError> {
        let error = match answer {
            Ok(done) => return Ok(Some(done)),
            Err(error) => error,
        };
        match error.code() {
            Some(code) if in_a_race.contains(&code) => Ok(None),
            Some(code) if self.outages && AWAY.contains(&code) => Ok(None),
            Some(_) => panic!("refused: {error}"),
            None => Err(error),
        }
    }

    /// Logs a promise. What is only queued is none, and comes only when the database is slow.
    fn promised(&self, thing: Thing, content: &Content, receipt: Receipt) {
        match receipt {
            Receipt::Durable => self.log.acked(thing, content),
            Receipt::Safe => self.log.safe(thing, content),
            Receipt::Queued => assert!(self.outages, "{thing}: {content} is queued"),
        }
    }

    async fn save_heroes(&self, mut seed: Seed) -> Work {
        let mut heroes = loop {
            let shown = self.heroes(&mut seed).await;
            if let Some(heroes) = self.tried(shown, &[])? {
                break heroes;
            }
        };
        while heroes.len() < HEROES_ACTIVE || seed.chance(20) {
            heroes.extend(self.create().await?);
        }
        loop {
            let at = seed.below(heroes.len());
            let done = match seed.below(10) {
                0 => self.rename(&mut heroes[at]).await?,
                _ => self.save(&mut heroes[at], &mut seed).await?,
            };
            if !done {
                let shown = self.hero(heroes[at].id).await;
                heroes[at] = self.tried(shown, &[])?.unwrap_or(heroes[at]);
            }
        }
    }

    async fn hero(&self, id: Uuid) -> Result<Hero, ClientError> {
        let shown = self.client.character(id).await?;
        Ok(Hero {
            id,
            of: of(&shown.state),
            version: shown.version,
            named: name_content(&shown.name).version,
        })
    }

    /// Some of the heroes as the server has them, those of unknown outcome too.
    async fn heroes(&self, seed: &mut Seed) -> Result<Vec<Hero>, ClientError> {
        let mut all = self.client.characters().await?;
        seed.shuffle(&mut all);
        let mut heroes = Vec::new();
        for listed in all.into_iter().take(HEROES_ACTIVE) {
            heroes.push(self.hero(listed.character).await?);
        }
        Ok(heroes)
    }

    async fn create(&self) -> Result<Option<Hero>, ClientError> {
        let of = Uuid::now_v7();
        let (name, state) = (name(of, 1), json!({"of": of, "gold": 0}));
        let (named, born) = (name_content(&name), Content::of_state(1, &state));
        let things = [
            (Kind::Name.thing(of), &named),
            (Kind::Character.thing(of), &born),
        ];
        for (thing, content) in things {
            self.log.sent(thing, content);
        }
        let created = self.client.create_character(&name, state).await;
        let Some((created, receipt)) = self.tried(created, &[])? else {
            return Ok(None);
        };
        assert_eq!((created.version, receipt), (1, Receipt::Durable));
        for (thing, content) in things {
            self.log.acked(thing, content);
        }
        let id = created.character;
        let (version, named) = (1, 1);
        Ok(Some(Hero {
            id,
            of,
            version,
            named,
        }))
    }

    async fn rename(&self, hero: &mut Hero) -> Result<bool, ClientError> {
        let name = name(hero.of, hero.named + 1);
        let (thing, content) = (Kind::Name.thing(hero.of), name_content(&name));
        self.log.sent(thing, &content);
        let renamed = self.client.rename_character(hero.id, &name).await;
        let Some((_, receipt)) = self.tried(renamed, &[])? else {
            return Ok(false);
        };
        assert_eq!(receipt, Receipt::Durable);
        self.log.acked(thing, &content);
        hero.named += 1;
        Ok(true)
    }

    /// One to three saves on top of each other, under way together.
    async fn save(&self, hero: &mut Hero, seed: &mut Seed) -> Result<bool, ClientError> {
        let links = 1 + u32::try_from(seed.below(CHAIN_MAX)).unwrap();
        let saves = (hero.version..hero.version + links).map(|base| {
            let state = json!({"of": hero.of, "gold": seed.next_u64()});
            self.save_link(hero.id, hero.of, base, state)
        });
        let saves: Vec<_> = saves.collect();
        // All of them are heard to their ends: one that was refused stops none that is under way.
        let mut all = true;
        for saved in join_all(saves).await {
            all &= self.tried(saved, &[])?.is_some();
        }
        hero.version += links;
        Ok(all)
    }

    async fn save_link(
        &self,
        id: Uuid,
        of: Uuid,
        base: u32,
        state: Value,
    ) -> Result<(), ClientError> {
        let content = Content::of_state(base + 1, &state);
        let thing = Kind::Character.thing(of);
        self.log.sent(thing, &content);
        let saved = self.client.save_character(id, base, state).await?;
        assert_eq!(saved.version, base + 1);
        self.promised(thing, &content, saved.receipt);
        Ok(())
    }

    /// All sailors save the same ship; who comes second looks again.
    async fn save_ship(&self, mut seed: Seed) -> Work {
        let thing = Kind::Ship.thing(self.guild);
        loop {
            let shown = self.client.guild(self.guild).await;
            let Some(guild) = self.tried(shown, &[])? else {
                continue;
            };
            let base = guild.ship.version;
            let state = json!({"by": self.sailor.account, "cargo": seed.next_u64()});
            let content = Content::of_state(base + 1, &state);
            self.log.sent(thing, &content);
            let saved = self.client.save_ship(self.guild, base, state).await;
            if let Some(saved) = self.tried(saved, &[Code::StaleVersion])? {
                assert_eq!(saved.version, base + 1);
                self.promised(thing, &content, saved.receipt);
            }
        }
    }

    async fn upload(&self, mut seed: Seed) -> Work {
        for board in [self.sailor.board, self.shared_board] {
            while self
                .tried(self.client.open_board(board).await, &[])?
                .is_none()
            {}
        }
        loop {
            let most = *seed.pick(&[2_000, 2_000, 60_000, 200_000]);
            let len = 16 + seed.below(most);
            let bytes = seed.bytes(len);
            if seed.chance(70) {
                self.upload_to(self.sailor.board, &bytes, &[]).await?;
            } else {
                let in_a_race = [Code::StaleBase, Code::BaseNotLoaded];
                self.upload_to(self.shared_board, &bytes, &in_a_race)
                    .await?;
            }
        }
    }

    async fn upload_to(
        &self,
        board: Uuid,
        bytes: &[u8],
        in_a_race: &[Code],
    ) -> Result<(), ClientError> {
        let thing = Kind::Board.thing(board);
        let shown = self.client.board_status(board).await;
        let Some(status) = self.tried(shown, &[])? else {
            return Ok(());
        };
        let head = status.head;
        let base = head.as_ref().map(|head| head.revision);
        self.log
            .sent(thing, &Content::of(base.unwrap_or(0) + 1, bytes));
        if let Some(head) = &head {
            let loaded = self.client.board_loaded(board, head.revision, &head.hash);
            if self.tried(loaded.await, in_a_race)?.is_none() {
                return Ok(());
            }
        }
        let uploaded = self.client.upload_board(board, base, "opaque", bytes).await;
        if let Some((head, _)) = self.tried(uploaded, in_a_race)? {
            let content = Content::of(head.revision, bytes);
            assert_eq!(head.hash, content.hash);
            self.log.acked(thing, &content);
        }
        Ok(())
    }
}

/// What a look at the world needs to name a character's two things.
pub fn things(of: Uuid) -> (Thing, Thing) {
    (Kind::Character.thing(of), Kind::Name.thing(of))
}
