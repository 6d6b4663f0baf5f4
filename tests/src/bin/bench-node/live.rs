//! From writing on one node to reading on the other.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use folkmoot_client::{
    Client, ClientError,
    api::{ErrorCode, Find, Note, Show},
};
use folkmoot_tests::home::Home;

use crate::{Bench, store::PLACE};
use folkmoot_tests::bench::{
    table::{Times, ms},
    texts::Texts,
};

/// Notes written.
const NOTES: usize = 200;
/// Every so many notes it is waited until a query finds it instead.
const SEARCHED: usize = 100;
/// The longest that one may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Pause between two notes, so that each is alone.
const PAUSE: Duration = Duration::from_millis(25);

/// Writes on A, reads on B.
pub(crate) fn measure(bench: &mut Bench, a: &Home, b: &Home) -> Result<()> {
    let (to_a, to_b) = (Client::for_home(a.folder())?, Client::for_home(b.folder())?);
    let mut texts = Texts::new(99);
    let (mut acked, mut readable, mut found) =
        (Times::default(), Times::default(), Times::default());
    bench.runtime.block_on(async {
        // Connections of the clients are made before the clock runs.
        to_a.id().await?;
        to_b.id().await?;
        for number in 0..NOTES + SEARCHED {
            tokio::time::sleep(PAUSE).await;
            let word = format!("livenote{number}");
            let note = Note {
                collective: Some(PLACE.to_owned()),
                text: Some(format!("{} {word}", texts.text())),
                ..Note::default()
            };
            let begun = Instant::now();
            let saved = to_a.note(note).await?;
            let ack = begun.elapsed();
            if number < NOTES {
                while !shows(&to_b, &saved.id).await? {
                    ensure!(begun.elapsed() < LIMIT, "a note did not arrive");
                }
                readable.push(begun.elapsed());
                acked.push(ack);
            } else {
                while begun.elapsed() < LIMIT {
                    if finds(&to_b, &word).await? {
                        found.push(begun.elapsed());
                        break;
                    }
                }
                // One that is never found says enough.
                if begun.elapsed() >= LIMIT {
                    break;
                }
            }
        }
        anyhow::Ok(())
    })?;
    bench.table.row(
        "live: written on A until readable on B",
        format!(
            "median {}, p99 {}",
            ms(readable.median()),
            ms(readable.percentile(99))
        ),
        "median 10 ms",
        format!("of {NOTES}; B is asked for the id without pause"),
    );
    bench.table.row(
        "live: written on A until a query on B finds it",
        if found.is_empty() {
            format!("not within {LIMIT:?}")
        } else {
            format!(
                "median {}, p99 {}",
                ms(found.median()),
                ms(found.percentile(99))
            )
        },
        "",
        format!(
            "{} of {SEARCHED} found; B is asked without pause",
            found.len()
        ),
    );
    bench.table.row(
        "live: written on A until A says it is durable",
        format!(
            "median {}, p99 {}",
            ms(acked.median()),
            ms(acked.percentile(99))
        ),
        "",
        format!(
            "{:.1} times the raw fdatasync",
            acked.median().as_secs_f64() / bench.raw.fdatasync.as_secs_f64()
        ),
    );
    Ok(())
}

async fn shows(client: &Client, id: &str) -> Result<bool> {
    match client.show(Show { id: id.to_owned() }).await {
        Ok(_) => Ok(true),
        Err(ClientError::Api(error)) if error.code == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn finds(client: &Client, word: &str) -> Result<bool> {
    let find = Find {
        query: word.to_owned(),
        limit: 1,
        ..Find::default()
    };
    Ok(client.find(find).await?.total > 0)
}
