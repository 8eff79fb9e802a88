//! Each way to misbehave, before a server that echoes.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing must come for a silence.
const SILENCE: Duration = Duration::from_millis(200);

/// Answers every byte with itself, on as many connections as there come.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || io::copy(&mut &stream, &mut &stream));
        }
    });
    address
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn echoes(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(b"hello")?;
    let mut back = [0; 5];
    stream.read_exact(&mut back)?;
    assert_eq!(&back, b"hello");
    Ok(())
}

fn is_silent(stream: &TcpStream) {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let error = echoes(stream).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
}

#[test]
fn what_passes_comes_back_and_so_does_the_end() {
    let proxy = Proxy::before(echo());
    let mut stream = connect(&proxy);
    echoes(&stream).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn what_is_delayed_comes_later_both_ways() {
    let proxy = Proxy::before(echo());
    let stream = connect(&proxy);
    proxy.set(Carriage::Delay(SILENCE));
    let begun = Instant::now();
    echoes(&stream).unwrap();
    assert!(begun.elapsed() >= 2 * SILENCE);
}

#[test]
fn a_refusing_proxy_keeps_its_connections_and_takes_no_other_until_it_passes_again() {
    let proxy = Proxy::before(echo());
    let stream = connect(&proxy);
    echoes(&stream).unwrap();
    proxy.set(Carriage::Refuse);
    let error = TcpStream::connect(proxy.address()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    echoes(&stream).unwrap();
    proxy.set(Carriage::Pass);
    echoes(&connect(&proxy)).unwrap();
}

#[test]
fn a_cut_resets_what_is_connected_and_nothing_else() {
    let proxy = Proxy::before(echo());
    let mut stream = connect(&proxy);
    echoes(&stream).unwrap();
    proxy.cut();
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    echoes(&connect(&proxy)).unwrap();
}

#[test]
fn a_black_hole_accepts_and_answers_nobody() {
    let proxy = Proxy::before(echo());
    let before = connect(&proxy);
    echoes(&before).unwrap();
    proxy.set(Carriage::BlackHole);
    let during = connect(&proxy);
    is_silent(&before);
    is_silent(&during);
    proxy.set(Carriage::Pass);
    // What was lost leaves a gap, so nothing that comes after it may be carried.
    is_silent(&before);
    is_silent(&during);
    echoes(&connect(&proxy)).unwrap();
    proxy.cut();
    assert!(echoes(&before).is_err() && echoes(&during).is_err());
}

#[test]
fn nothing_is_carried_after_the_end_of_the_proxy() {
    let proxy = Proxy::before(echo());
    let stream = connect(&proxy);
    echoes(&stream).unwrap();
    drop(proxy);
    assert!(echoes(&stream).is_err());
}
