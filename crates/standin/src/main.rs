//! The stand-ins as a program: starts them, prints one line of JSON with their addresses, and runs until it is stopped.
//!
//! ```text
//! standin [--llm PORT] [--pubmed PORT]
//! {"llm":"http://127.0.0.1:40001","pubmed":"http://127.0.0.1:40002/entrez/eutils/"}
//! ```
//!
//! Without a port, or with port 0, a free one is taken. What a question to the language model gets is chosen by a marker
//! word in it, `roteiro:NAME` (`sigilo_standin::llm::Reply::named`); `POST /_standin/release` there lets a held answer
//! go on, and `GET /_standin/requests` tells what came. PubMed's faults are switched by `POST /_falha/NAME`.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

use serde_json::json;
use sigilo_standin::{llm, pubmed};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let llm = llm::Server::start_on(address("--llm")?, llm::Script::default()).await?;
    let pubmed = pubmed::Server::start_on(address("--pubmed")?).await?;
    let line = json!({"llm": llm.base.as_str().trim_end_matches('/'), "pubmed": pubmed.base.as_str()});
    writeln!(std::io::stdout(), "{line}")?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// This machine, at the port that follows the option.
fn address(option: &str) -> Result<SocketAddr, Box<dyn Error>> {
    let mut arguments = std::env::args().skip_while(|argument| argument != option);
    let port = match (arguments.next(), arguments.next()) {
        (Some(_), Some(port)) => port.parse()?,
        (Some(_), None) => return Err(format!("{option} PORT").into()),
        _ => 0,
    };
    Ok(SocketAddr::from(([127, 0, 0, 1], port)))
}
