//! Starts a throw-away PostgreSQL, prints its address, and ends it when its own input closes. For test runs of many
//! processes that share one server, and for people: `cargo run -p guildhall-testkit --bin throwaway-postgres`.

use guildhall_testkit::postgres::{Postgres, QUICK};

fn main() -> std::io::Result<()> {
    let server = Postgres::start(QUICK);
    println!("{}", server.url());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}
