//! A TCP proxy on a thread of its own that can be told to misbehave: to stand between a server and its database.
//! What it is told holds when the call returns.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::port::port_to_keep;

/// Longest piece that is carried at once.
const PIECE_BYTES: usize = 16 * 1024;

/// How the proxy treats what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// Carries everything.
    Pass,
    /// Carries every piece after this time, both ways.
    Delay(Duration),
    /// Refuses new connections, as a host does on which nobody listens; carries for those that are there.
    Refuse,
    /// Accepts everything and carries nothing. A connection that lost something in it stays in it for good.
    BlackHole,
}

/// See the file's head; ends with its handle, and its connections with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    orders: UnboundedSender<Order>,
}

/// With whom to tell when it is done.
type Order = (What, SyncSender<()>);

#[derive(Clone, Copy, Debug)]
enum What {
    Carry(Carriage),
    Cut,
}

impl Proxy {
    /// A proxy before this address.
    ///
    /// # Panics
    /// When there is no port for it.
    pub fn before(target: SocketAddr) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port_to_keep()));
        let (orders, taken) = unbounded_channel();
        let proxy = Self { address, orders };
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime of one thread");
        thread::spawn(move || runtime.block_on(serve(address, target, taken)));
        proxy.set(Carriage::Pass);
        proxy
    }

    /// Where to connect instead of the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how everything is treated from now on.
    pub fn set(&self, carriage: Carriage) {
        self.order(What::Carry(carriage));
    }

    /// Resets all connections, on both sides. New ones are treated as before.
    pub fn cut(&self) {
        self.order(What::Cut);
    }

    fn order(&self, what: What) {
        let (done, is_done) = sync_channel(1);
        self.orders.send((what, done)).expect("the proxy's thread");
        is_done.recv().expect("the proxy's thread");
    }
}

/// Of every connection: how to carry, and the number of cuts so far.
type Told = watch::Receiver<(Carriage, u64)>;

async fn serve(address: SocketAddr, target: SocketAddr, mut orders: UnboundedReceiver<Order>) {
    let (tell, told) = watch::channel((Carriage::Pass, 0));
    let mut connections = JoinSet::new();
    let mut listener = None;
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some((what, done)) = order else { return };
                match what {
                    What::Carry(carriage) => {
                        tell.send_modify(|told| told.0 = carriage);
                        listener = listen(address, carriage, listener).await;
                    }
                    What::Cut => {
                        tell.send_modify(|told| told.1 += 1);
                        while connections.join_next().await.is_some() {}
                    }
                }
                // Whoever asked may have been killed by its test.
                let _ = done.send(());
            }
            Ok(client) = accept(listener.as_ref()) => {
                connections.spawn(connection(client, target, told.clone()));
            }
        }
    }
}

async fn listen(
    address: SocketAddr,
    carriage: Carriage,
    before: Option<TcpListener>,
) -> Option<TcpListener> {
    match (carriage, before) {
        (Carriage::Refuse, _) => None,
        (_, Some(listener)) => Some(listener),
        (_, None) => Some(
            TcpListener::bind(address)
                .await
                .expect("the port that was kept"),
        ),
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn connection(mut client: TcpStream, target: SocketAddr, mut told: Told) {
    let mut cuts = told.clone();
    let begun_at = told.borrow_and_update().1;
    let is_cut = async { cuts.wait_for(|told| told.1 != begun_at).await.is_ok() };
    tokio::select! {
        _ = carry(&mut client, target, told) => {}
        true = is_cut => {
            // Closing it then resets it.
            let _ = client.set_zero_linger();
        }
    }
}

async fn carry(client: &mut TcpStream, target: SocketAddr, told: Told) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.split();
    if told.borrow().0 == Carriage::BlackHole {
        return swallow(&mut from_client).await;
    }
    let mut server = TcpStream::connect(target).await?;
    let (mut from_server, mut to_server) = server.split();
    tokio::try_join!(
        pump(&mut from_client, &mut to_server, &told),
        pump(&mut from_server, &mut to_client, &told),
    )?;
    Ok(())
}

async fn pump(from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>, told: &Told) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece).await?;
        let carriage = told.borrow().0;
        match carriage {
            Carriage::BlackHole => return swallow(from).await,
            Carriage::Delay(time) => tokio::time::sleep(time).await,
            Carriage::Pass | Carriage::Refuse => {}
        }
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(piece.get(..read).unwrap_or_default()).await?;
    }
}

async fn swallow(from: &mut ReadHalf<'_>) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    while from.read(&mut piece).await? > 0 {}
    std::future::pending().await
}

#[cfg(test)]
mod tests;
