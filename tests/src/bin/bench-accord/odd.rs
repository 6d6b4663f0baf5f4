//! Head sets that nobody else has: what they cost, by what is written under them, and what of it a
//! node bears in a minute.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use folkmoot_accord::{Accord, NoContent, Policy, STEPS_A_MINUTE, Standing, Way};
use folkmoot_record::{Kind, RecordId, Verified, control::Control};

use folkmoot_tests::bench::table::{Table, Times, whole};

use crate::{
    NOW_MS, all,
    history::{History, Member, removal},
    seen,
};

/// Members who wrote something that nobody else knows.
const SCATTERED: usize = 200;
/// Records of each sort.
const ODD: usize = 50;
/// Minutes for which the worst is borne.
const MINUTES: u64 = 10;

/// The collective with what the scattered members wrote, and who they are.
struct Scene<'a> {
    history: &'a mut History,
    base: Vec<Verified>,
    heads: Vec<RecordId>,
    /// Others than those.
    writers: Vec<Member>,
    steward: Member,
}

impl Scene<'_> {
    /// Up to fifteen of the scattered heads, others each time.
    fn some(&self, n: usize) -> Vec<RecordId> {
        let many = self.heads.len();
        // One of the last ones is always among them.
        let picked = (0..14).map(|k| match k {
            0 => self.heads[many - 1 - n % 20],
            _ => self.heads[(n * 31 + k * 13) % many],
        });
        picked.collect()
    }

    /// With every record taken as it comes, whatever it costs.
    fn accord(&self) -> Accord {
        let policy = Policy {
            steps_a_minute: None,
            ..Policy::NODE
        };
        let mut accord = Accord::with_policy(self.history.cid, policy);
        all(&mut accord, &self.base, Way::Stored);
        accord
    }

    /// What one vote and one yes on it need.
    fn vote(&mut self, n: usize, class: u8) -> Result<Vec<Verified>> {
        let body = self.history.proposal(class);
        let heads = self.some(n);
        let mut member = self.writers[n].clone();
        let vote = self
            .history
            .write(&mut member, Kind::PROPOSAL, &heads, &body)?;
        let yes = self.history.ballot(&member, vote.id())?;
        Ok(vec![vote, yes])
    }
}

pub(crate) fn measure(table: &mut Table, history: &mut History) -> Result<()> {
    let mut members: Vec<Member> = history.members.iter().step_by(2).cloned().collect();
    let steward = history.promote(members.pop().context("a member")?)?;
    let mut heads = Vec::new();
    let mut base = history.records.clone();
    // All over the history, so that whoever cites some of them knows most of it.
    let every = members.len() / SCATTERED;
    let mut writers = Vec::new();
    for (n, mut member) in members.into_iter().enumerate() {
        if n % every == every - 1 {
            let record = history.write(&mut member, Kind::MERGE, &[], &Control::Merge)?;
            heads.push(record.id());
            base.push(record);
        } else {
            writers.push(member);
        }
    }
    let mut scene = Scene {
        history,
        base,
        heads,
        writers,
        steward,
    };
    let mut merges = Vec::new();
    for n in 0..ODD {
        let (heads, mut member) = (scene.some(n), scene.writers[n].clone());
        let history = &mut scene.history;
        merges.push(vec![history.write(
            &mut member,
            Kind::MERGE,
            &heads,
            &Control::Merge,
        )?]);
    }
    cost(table, &scene, "a merge", &merges)?;
    for (class, what) in [(0, "a vote and a yes"), (1, "the same, with witnesses")] {
        let votes: Result<Vec<_>> = (0..ODD).map(|n| scene.vote(n, class)).collect();
        cost(table, &scene, what, &votes?)?;
    }
    let removals = removals(&mut scene)?;
    cost(table, &scene, "a removal that knows little", &removals)?;
    notes(table, &mut scene)?;
    minutes(table, &scene, &removals)
}

/// Removals by a steward who knows no more than those whom he removes.
fn removals(scene: &mut Scene<'_>) -> Result<Vec<Vec<Verified>>> {
    let mut steward = scene.steward.clone();
    let targets: Vec<Member> = scene.writers.iter().rev().take(4 * ODD).cloned().collect();
    let mut removals = Vec::new();
    for target in targets {
        let body = removal(target.seat);
        let history = &mut scene.history;
        removals.push(vec![history.write(
            &mut steward,
            Kind::REVOKE,
            &[target.join],
            &body,
        )?]);
    }
    Ok(removals)
}

/// What one of a sort takes: time, and steps.
fn cost(table: &mut Table, scene: &Scene<'_>, what: &str, cases: &[Vec<Verified>]) -> Result<()> {
    let mut accord = scene.accord();
    let mut taken = Times::default();
    let (mut spent, steps) = (Duration::ZERO, accord.steps());
    let cases = &cases[..cases.len().min(ODD)];
    for records in cases {
        let start = Instant::now();
        for record in records {
            accord.insert(record.clone(), seen(Way::Ordinary));
        }
        taken.push(start.elapsed());
        spent += start.elapsed();
    }
    let last = cases.last().and_then(|records| records.last());
    let stands = last.and_then(|record| accord.standing(&record.id()));
    anyhow::ensure!(
        stands.as_ref().is_some_and(Standing::is_admitted),
        "{what}: {stands:?}"
    );
    let steps = accord.steps() - steps;
    table.row(
        format!("odd heads: {what}"),
        format!("median {:.1?}", taken.median()),
        "",
        format!(
            "slowest {:.1?}; {} steps each, {:.0} ns a step",
            taken.percentile(100),
            whole(steps as f64 / taken.len() as f64),
            spent.as_nanos() as f64 / steps as f64
        ),
    );
    Ok(())
}

/// Content under heads of its own, which no verdict is remembered for.
fn notes(table: &mut Table, scene: &mut Scene<'_>) -> Result<()> {
    let mut accord = scene.accord();
    let mut taken = Times::default();
    for n in 0..4 * ODD {
        let member = scene.writers[n].clone();
        let mut auth = scene.some(n);
        auth.push(member.join);
        auth.sort_unstable();
        auth.dedup();
        let note = scene.history.note(&member, auth)?;
        let start = Instant::now();
        accord.judge(note.header(), note.id(), NOW_MS, &NoContent);
        taken.push(start.elapsed());
    }
    table.row(
        "odd heads: a note",
        format!("median {:.1?}", taken.median()),
        "",
        format!("slowest {:.1?}", taken.percentile(100)),
    );
    Ok(())
}

/// The dearest of all, as a node takes it.
fn minutes(table: &mut Table, scene: &Scene<'_>, removals: &[Vec<Verified>]) -> Result<()> {
    let mut accord = Accord::with_policy(scene.history.cid, Policy::NODE);
    all(&mut accord, &scene.base, Way::Stored);
    let records: Vec<&Verified> = removals.iter().flatten().collect();
    let waiting = |accord: &Accord| {
        let parked = |record: &&&Verified| {
            matches!(accord.standing(&record.id()), Some(Standing::Parked(_)))
        };
        records.iter().filter(parked).count()
    };
    let (start, steps) = (Instant::now(), accord.steps());
    for record in &records {
        accord.insert((*record).clone(), seen(Way::Ordinary));
    }
    let (first, first_steps) = (start.elapsed(), accord.steps() - steps);
    table.row(
        format!("{} such removals in one minute", records.len()),
        format!("{first:.1?}"),
        "50 ms",
        format!(
            "{} steps of {}; {} wait",
            whole(first_steps as f64),
            whole(STEPS_A_MINUTE as f64),
            waiting(&accord)
        ),
    );
    let mut worst = (Duration::ZERO, 0);
    let mut sum = Duration::ZERO;
    for minute in 1..=MINUTES {
        let (start, steps) = (Instant::now(), accord.steps());
        for second in 0..60 {
            accord.tick(NOW_MS + minute * 60_000 + second * 1_000);
        }
        sum += start.elapsed();
        worst = worst.max((start.elapsed(), accord.steps() - steps));
    }
    table.row(
        format!("the {MINUTES} minutes after, each"),
        format!("{:.1?}", sum / u32::try_from(MINUTES)?),
        "50 ms",
        format!(
            "most {:.1?} and {} steps; {} wait at the end",
            worst.0,
            whole(worst.1 as f64),
            waiting(&accord)
        ),
    );
    Ok(())
}
