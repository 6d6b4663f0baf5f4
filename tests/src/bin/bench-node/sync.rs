//! Receiving everything, and evening out a difference.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use folkmoot_client::{
    Client,
    api::{CollectiveSummary, Find, JoinArgs, JoinStage, PeerAdd},
};
use folkmoot_tests::home::Home;

use crate::{Bench, forward::Forwarder, store::PLACE};
use folkmoot_tests::bench::{
    process::{cpu, peak},
    table::{Times, mib, ms, rate, whole},
    texts,
};

/// The longest that anything is waited for.
const LIMIT: Duration = Duration::from_secs(900);
/// How often a long transfer is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How often a short one is looked at.
const SHORT_LOOK: Duration = Duration::from_millis(1);
/// Records on each side that the other does not have.
const DIFFERING: usize = 100;
/// Times that a difference is evened out.
const ROUNDS: u64 = 5;
/// Time in which started nodes come to rest.
const REST: Duration = Duration::from_secs(3);

/// A new home joins and receives everything, through a forwarder, which is handed back.
pub(crate) fn bulk(bench: &mut Bench, a: &Home, b: &mut Home, key: &str) -> Result<Forwarder> {
    b.up();
    let forwarder = Forwarder::new(address(a)?)?;
    let (to_a, to_b) = (Client::for_home(a.folder())?, Client::for_home(b.folder())?);
    let (pid_a, pid_b) = (a.pid().unwrap_or(0), b.pid().unwrap_or(0));
    let cpu_before = (cpu(pid_a)?, cpu(pid_b)?);
    let args = JoinArgs {
        key: key.to_owned(),
        peers: vec![format!("/ip4/127.0.0.1/tcp/{}", forwarder.port())],
    };
    let asked = Instant::now();
    let (welcomed, equal) = bench.runtime.block_on(async {
        let mut progress = to_b.join(args).await?;
        while !progress.done.contains(&JoinStage::Welcomed) {
            ensure!(
                progress.failed.is_none(),
                "the join failed: {:?}",
                progress.failed
            );
            ensure!(asked.elapsed() < LIMIT, "nobody welcomed: {progress:?}");
            let seen = u32::try_from(progress.done.len())?;
            progress = to_b.join_status(progress.collective, seen, 2_000).await?;
        }
        let welcomed = Instant::now();
        until(LOOK, || async {
            let (a, b) = (counts(&to_a).await?, counts(&to_b).await?);
            Ok(a == b && a.0 >= bench.notes as u64)
        })
        .await?;
        anyhow::Ok((welcomed, Instant::now()))
    })?;
    let wire = forwarder.take_bytes();
    let found = {
        let find = Find {
            query: format!("in:{PLACE} kind:note"),
            limit: 1,
            ..Find::default()
        };
        bench.runtime.block_on(to_b.find(find))?.total
    };
    let found_at = welcomed.elapsed();
    ensure!(
        a.fingerprint(PLACE) == b.fingerprint(PLACE),
        "the sets differ"
    );
    ensure!(found >= bench.notes as u64, "only {found} are found");
    let time = equal - welcomed;
    let rate = rate(bench.notes, time);
    bench.table.row(
        format!(
            "a fresh member receives {} records",
            whole(bench.notes as f64)
        ),
        format!("{} records/s", whole(rate)),
        "10,000 records/s",
        format!(
            "{:.1} s from welcome to equal, all found after {:.1} s; {:.0} % of one core's checks",
            time.as_secs_f64(),
            found_at.as_secs_f64(),
            100.0 * rate / bench.raw.checks
        ),
    );
    bench.table.row(
        "  processor time meanwhile",
        format!(
            "{:.1} s and {:.1} s",
            (cpu(pid_a)? - cpu_before.0).as_secs_f64(),
            (cpu(pid_b)? - cpu_before.1).as_secs_f64()
        ),
        "",
        "giver and receiver, all threads",
    );
    bench.table.row(
        "  peak memory",
        format!("{} and {}", mib(peak(pid_a)?), mib(peak(pid_b)?)),
        "200 MiB",
        "giver and receiver",
    );
    let each = wire as f64 / bench.notes as f64;
    bench.table.row(
        "  on the wire",
        format!("{each:.0} bytes a record"),
        "500 bytes",
        format!(
            "{:.1} MB/s, {:.1} % of the loopback copy",
            wire as f64 / 1e6 / time.as_secs_f64(),
            100.0 * wire as f64 / time.as_secs_f64() / bench.raw.loopback
        ),
    );
    Ok(forwarder)
}

/// Both write while they cannot hear each other; then they meet.
pub(crate) fn difference(
    bench: &mut Bench,
    scratch: &Path,
    a: &mut Home,
    b: &mut Home,
    forwarder: &mut Forwarder,
) -> Result<()> {
    let (mut from_dial, mut from_proof, mut bytes) = (Times::default(), Times::default(), vec![]);
    for round in 0..ROUNDS {
        forwarder.shut();
        b.stop();
        a.stop();
        for (seed, home) in [(2, &*a), (3, &*b)] {
            let file = scratch.join("more.ndjson");
            texts::write(&file, DIFFERING, 1_000 * seed + round)?;
            let report = home.ok(&["import", &file.to_string_lossy(), "--in", PLACE]);
            ensure!(report["added"] == DIFFERING, "{report}");
        }
        a.up();
        b.up();
        std::thread::sleep(REST);
        let (to_a, to_b) = (Client::for_home(a.folder())?, Client::for_home(b.folder())?);
        forwarder.open(address(a)?)?;
        forwarder.take_bytes();
        let (dial, proof) = bench
            .runtime
            .block_on(meet(&to_a, &to_b, forwarder.port()))?;
        bytes.push(forwarder.take_bytes());
        from_dial.push(dial);
        from_proof.push(proof);
        ensure!(
            a.fingerprint(PLACE) == b.fingerprint(PLACE),
            "the sets differ"
        );
    }
    bytes.sort_unstable();
    let wire = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
    bench.table.row(
        format!("{DIFFERING} differing records each way"),
        format!(
            "{} from proof to equal, {} from dialling",
            ms(from_proof.median()),
            ms(from_dial.median())
        ),
        "300 ms",
        format!(
            "median of {ROUNDS}; most {} from proof; asked every {}",
            ms(from_proof.percentile(100)),
            ms(SHORT_LOOK)
        ),
    );
    bench.table.row(
        "  on the wire, dialling and proof with it",
        format!("{:.0} kB", wire as f64 / 1e3),
        "150 kB",
        format!(
            "most {} kB",
            bytes.last().copied().unwrap_or_default() / 1_000
        ),
    );
    Ok(())
}

/// Dials, and gives the times from the dial and from the proof until both hold the same number.
async fn meet(to_a: &Client, to_b: &Client, port: u16) -> Result<(Duration, Duration)> {
    let (a, b) = (counts(to_a).await?, counts(to_b).await?);
    let all = a.0.min(b.0) + DIFFERING as u64;
    let begun = Instant::now();
    to_b.peer_add(PeerAdd {
        address: format!("/ip4/127.0.0.1/tcp/{port}"),
    })
    .await?;
    until(SHORT_LOOK, || async { Ok(summary(to_b).await?.peers > 0) })
        .await
        .context("nobody proved themselves")?;
    let proven = Instant::now();
    until(SHORT_LOOK, || async {
        let (a, b) = (counts(to_a).await?, counts(to_b).await?);
        Ok(a == b && a.0 >= all)
    })
    .await?;
    Ok((begun.elapsed(), proven.elapsed()))
}

/// Number of content and of control records held of the collective.
async fn counts(client: &Client) -> Result<(u64, u64)> {
    let summary = summary(client).await?;
    Ok((summary.records, summary.control))
}

async fn summary(client: &Client) -> Result<CollectiveSummary> {
    let all = client.collective_list().await?;
    all.into_iter()
        .find(|collective| collective.name == PLACE)
        .context("the collective is not there")
}

/// Looks every so often until something holds.
async fn until<F: Future<Output = Result<bool>>>(
    look: Duration,
    mut holds: impl FnMut() -> F,
) -> Result<()> {
    let begun = Instant::now();
    while !holds().await? {
        if begun.elapsed() > LIMIT {
            bail!("waited {LIMIT:?}");
        }
        tokio::time::sleep(look).await;
    }
    Ok(())
}

/// Where a node listens.
fn address(home: &Home) -> Result<SocketAddr> {
    let all = home.addresses();
    let port = all
        .iter()
        .find_map(|address| address.split("/tcp/").nth(1)?.split('/').next())
        .context("the node does not listen on TCP")?;
    Ok(SocketAddr::from(([127, 0, 0, 1], port.parse()?)))
}
