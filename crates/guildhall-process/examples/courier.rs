//! A post office whose courier crashes, and its tests: crashes at chosen messages, restarts, and
//! many interleavings of one test. Run them with `cargo run --example courier`.

use std::time::Duration;

use guildhall_process::testing::{self, Fault, Kit, Probe, ProbeEvent, inject};
use guildhall_process::{
    ChildSpec, Ctx, ExitReason, Handle, Init, ProcRef, Process, Recipient, Registry, ReplyTo,
    Spawn, Strategy, Supervisor,
};

const RECEIPT_TIMEOUT: Duration = Duration::from_secs(5);
const TRY_AGAIN: Duration = Duration::from_secs(1);

type Couriers = Registry<&'static str, Courier>;

/// A parcel, known by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parcel(u32);

/// Carries parcels to the customer. Found by its name, because it may be another one tomorrow.
pub struct Courier {
    couriers: Couriers,
    customer: Recipient<Parcel>,
}

/// Carry this, and say when it is done.
pub struct Carry {
    parcel: Parcel,
    receipt: ReplyTo<()>,
}

/// Hands every parcel to the courier until it has the receipt.
pub struct Office {
    couriers: Couriers,
}

impl Process for Courier {
    const KIND: &'static str = "courier";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        match self.couriers.register("courier", &ctx.me()) {
            Ok(()) => Init::Ready,
            Err(taken) => Init::Fail(ExitReason::error(taken.to_string())),
        }
    }
}

impl Handle<Carry> for Courier {
    fn handle(&mut self, Carry { parcel, receipt }: Carry, _ctx: &mut Ctx<Self>) {
        // Without a receipt the office tries again.
        if self.customer.tell(parcel).is_ok() {
            receipt.send(());
        }
    }
}

impl Process for Office {
    const KIND: &'static str = "office";
}

impl Handle<Parcel> for Office {
    fn handle(&mut self, parcel: Parcel, ctx: &mut Ctx<Self>) {
        let Some(courier) = self.couriers.whereis(&"courier") else {
            ctx.send_after(TRY_AGAIN, parcel);
            return;
        };
        let receipt = courier.call(RECEIPT_TIMEOUT, |receipt| Carry { parcel, receipt });
        ctx.run(receipt, move |_, receipt, ctx| {
            if receipt.is_err() {
                ctx.send_after(TRY_AGAIN, parcel);
            }
        });
    }
}

/// An office, a supervised courier, and a probe in the customer's place.
async fn open(kit: &Kit) -> (ProcRef<Office>, Couriers, Probe<Parcel>) {
    let couriers = Couriers::new("couriers");
    let customer = kit.probe("customer");
    let (known, to) = (couriers.clone(), customer.recipient());
    let courier = ChildSpec::worker("courier", move || Courier {
        couriers: known.clone(),
        customer: to.clone(),
    });
    let root = || Supervisor::new(Strategy::OneForOne).child(courier);
    kit.start(Spawn::named("root"), root).await;
    let known = couriers.clone();
    let office = kit.start(Spawn::named("office"), || Office { couriers: known });
    (office.await, couriers, customer)
}

/// Sends parcels while the courier meets a fault; all must arrive, and the courier must be back.
async fn every_parcel_arrives(kit: &Kit, fault: Fault) {
    let (office, couriers, mut customer) = open(kit).await;
    let Some(courier) = couriers.whereis(&"courier") else {
        unreachable!("its init is done, and there it takes its name");
    };
    assert!(inject(courier.pid(), fault));
    let sent: Vec<_> = (1..=5).map(Parcel).collect();
    for parcel in &sent {
        kit.tell(&office, *parcel);
    }
    kit.assert_restarted(courier.pid()).await;
    kit.advance(TRY_AGAIN * 5).await;
    let arrived = customer
        .drain()
        .into_iter()
        .filter_map(|event| match event {
            ProbeEvent::Message(parcel) => Some(parcel),
            _ => None,
        });
    // Twice is allowed: a courier may die between the delivery and the receipt.
    let mut arrived: Vec<_> = arrived.collect();
    arrived.sort();
    arrived.dedup();
    assert_eq!(arrived, sent);
}

fn no_parcel_is_lost_at_whichever_of_them_the_courier_crashes() {
    for nth in 1..=5 {
        let fault = Fault::crash().on::<Carry>().nth(nth);
        testing::run(async |kit| every_parcel_arrives(&kit, fault).await);
    }
}

fn no_parcel_is_lost_in_any_interleaving_of_a_kill() {
    testing::interleave(0..50, async |kit| {
        every_parcel_arrives(&kit, Fault::kill().on::<Carry>().nth(2)).await;
    });
}

/// Runs all tests; the crate's own tests call it.
pub fn main() {
    no_parcel_is_lost_at_whichever_of_them_the_courier_crashes();
    no_parcel_is_lost_in_any_interleaving_of_a_kill();
    println!("courier: 2 tests passed");
}
