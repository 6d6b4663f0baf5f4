//! `moot peers`

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use clap::Subcommand;
use folkmoot_client::api::{Command, PeerAdd, PeerCollective, PeerView};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{age, ahead, clean, style},
};

/// Differences shown for each peer before the rest is counted.
const MAX_DIFFERENCES: usize = 5;

/// Show the peers of this node, and add addresses
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot peers
  moot peers add /ip4/192.0.2.7/udp/7473/quic-v1")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Dial an address, and remember it
    Add {
        /// Multiaddr, with or without /p2p/PEER at its end
        address: String,
    },
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let access = Access::open(cx, Need::Node)?;
    match args.verb {
        Some(Verb::Add { address }) => {
            let done: String = access.ask(Command::PeerAdd(PeerAdd { address }))?;
            if cx.ui.json {
                return cx.ui.object(&serde_json::json!({ "done": done }));
            }
            cx.ui.say(&clean(&done));
            Ok(())
        }
        None => {
            let peers: Vec<PeerView> = access.ask(Command::Peers {})?;
            if cx.ui.json {
                return cx.ui.objects(&peers);
            }
            if peers.is_empty() {
                cx.ui
                    .say("no peers yet; join a collective, or invite somebody to yours");
            }
            let mut out = cx.ui.out();
            print_peers(&mut out, &peers, true)?;
            Ok(out.flush()?)
        }
    }
}

/// Prints peers: who, over what path, and whether both hold the same.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print_peers(
    out: &mut impl Write,
    peers: &[PeerView],
    addresses: bool,
) -> io::Result<()> {
    let now = Timestamp::now();
    let (good, dim, bold) = (style::GOOD, style::DIM, style::BOLD);
    for peer in peers {
        let who = match peer.collectives.iter().find(|shared| shared.known) {
            Some(shared) => clean(&shared.member).into_owned(),
            None => tail(&peer.peer_id).to_owned(),
        };
        let sign = if peer.connected {
            format!("{good}●{good:#}")
        } else {
            format!("{dim}○{dim:#}")
        };
        let state = if peer.connected {
            format!("connected ({})", clean(&peer.path))
        } else {
            match peer.next_dial {
                Some(next) => match ahead(next, now).as_str() {
                    "now" => "not connected; trying again now".to_owned(),
                    time => format!("not connected; next try in {time}"),
                },
                None => "not connected".to_owned(),
            }
        };
        writeln!(out, "{sign} {bold}{who}{bold:#}  {dim}{state}{dim:#}")?;
        for shared in &peer.collectives {
            print_shared(out, shared, now)?;
        }
        if let Some(error) = peer.last_error.as_deref().filter(|_| !peer.connected) {
            writeln!(out, "    {dim}last error: {}{dim:#}", clean(error))?;
        }
        if addresses {
            let known: BTreeSet<&str> = peer.addresses.iter().map(|a| without_peer(a)).collect();
            for address in known {
                writeln!(out, "    {dim}{}{dim:#}", clean(address))?;
            }
        }
    }
    Ok(())
}

/// Whether both hold the same set of one collective, and if not, what is missing and why.
fn print_shared(out: &mut impl Write, shared: &PeerCollective, now: Timestamp) -> io::Result<()> {
    let (good, warn) = (style::GOOD, style::WARN);
    let name = clean(&shared.collective);
    if !shared.known {
        return writeln!(out, "    ? {name}: its device is not known here yet");
    }
    let last = match shared.last_equal {
        Some(time) => format!("; equal {} ago", age(time, now)),
        None => String::new(),
    };
    match shared.equal {
        Some(true) => writeln!(out, "    {good}={good:#} {name}: same records")?,
        Some(false) => writeln!(out, "    {warn}≠{warn:#} {name}: records differ{last}")?,
        None => writeln!(out, "    ? {name}: not compared yet{last}")?,
    }
    for difference in shared.missing.iter().take(MAX_DIFFERENCES) {
        let id = difference.id.as_deref().map_or("", crate::ui::short_key);
        writeln!(out, "      {id:<8} {}", clean(&difference.why))?;
    }
    let more = shared.missing.len().saturating_sub(MAX_DIFFERENCES);
    if more > 0 {
        writeln!(out, "      and {more} more; see --json")?;
    }
    Ok(())
}

/// An address without the peer's id at its end: it may be known with and without.
fn without_peer(address: &str) -> &str {
    match address.rsplit_once("/p2p/") {
        Some((before, id)) if !id.contains('/') => before,
        _ => address,
    }
}

/// The end of a peer id: their beginnings are all the same.
fn tail(peer_id: &str) -> &str {
    let start = peer_id.len().saturating_sub(8);
    peer_id.get(start..).unwrap_or(peer_id)
}
