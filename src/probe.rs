//! stub
#[derive(clap::Args)]
pub struct Flags {}
pub async fn run(_: Flags) -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
