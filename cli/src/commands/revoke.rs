//! `moot revoke`

use std::io::Write;

use folkmoot_client::api::{Command, KeysChange, PersonView, RevocationView, RevokeArgs};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, confirm, moment_ago, plural, style},
};

/// Take a right, a device or a membership away
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot revoke @Ben --reason \"moved away\"     a person: all their rights, so their membership
  moot revoke 7f3a1b2c                      a contract, as `moot contracts` shows it
  moot revoke 7f3a1b2c --subtree            and all that was given under it
  moot revoke @Ben --back=2026-11-01        what they wrote since then is cut away as well
  moot revoke @Ben --dry-run                only show what would happen

Everything of theirs that this node holds stays, unless --back says otherwise; what arrives later
is cut away, and `moot readmit` brings honest late work back. You are asked before it is done.")]
pub(crate) struct Args {
    /// A person (@name or seat), a device, a contract or an invite; first digits will do
    what: String,
    /// Name or id prefix of the collective; needed where several know it
    #[arg(long = "in", value_name = "COLLECTIVE")]
    place: Option<String>,
    /// Why; all members can read it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Also end all rights that descend from this contract or invite
    #[arg(long)]
    subtree: bool,
    /// Cut away what they wrote since then, or all of it; what they decided for others stays
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "1970-01-01T00:00:00Z")]
    back: Option<String>,
    /// Keep this record, and what lies before it in its log; may be repeated
    #[arg(long, value_name = "ID")]
    keep: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only show what would happen
    #[arg(long, short = 'n')]
    dry_run: bool,
}

/// # Errors
/// What the engine says, or a question that nobody answers.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let ask = RevokeArgs {
        what: args.what,
        collective: args.place,
        reason: args.reason,
        subtree: args.subtree,
        back: args.back.as_deref().map(moment_ago).transpose()?,
        keep: args.keep,
        invite_only: false,
        dry_run: args.dry_run,
    };
    carry_out(cx, ask, args.yes)
}

/// Shows what would happen, asks, and does it.
///
/// # Errors
/// What the engine says, or a question that nobody answers.
pub(crate) fn carry_out(cx: &Context<'_>, ask: RevokeArgs, yes: bool) -> Result<(), CliError> {
    // Who reads and thinks keeps nobody from the home: it is opened for each question anew.
    let revoke = |ask| -> Result<RevocationView, CliError> {
        Access::open(cx, Need::ExistingHome)?.ask(Command::Revoke(ask))
    };
    let invite = ask.invite_only;
    if !ask.dry_run && !yes {
        let plan = revoke(RevokeArgs {
            dry_run: true,
            ..ask.clone()
        })?;
        if !cx.ui.json {
            show(cx, &plan)?;
        }
        let question = format!("Take away {}?", clean(&plan.what));
        let answer = if cx.ui.json {
            // Nothing was shown that could be answered.
            None
        } else {
            confirm(cx.ui, &question, "All members see it, and the reason.")
        };
        match answer {
            Some(true) => {}
            Some(false) => {
                cx.ui.say("nothing was done");
                return Ok(());
            }
            None => {
                return Err(CliError::usage("it was not confirmed: nothing was done")
                    .hint("add --yes, or --dry-run to only look"));
            }
        }
        let done = revoke(ask)?;
        if cx.ui.json {
            return cx.ui.object(&done);
        }
        finish(cx, &done, invite);
        // What turned out otherwise than foretold.
        for caution in &done.cautions {
            if !plan.cautions.contains(caution) {
                cx.ui.warn(caution);
            }
        }
        return Ok(());
    }
    let dry_run = ask.dry_run;
    let view = revoke(ask)?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    show(cx, &view)?;
    if dry_run {
        cx.ui.say("nothing was done");
        return Ok(());
    }
    finish(cx, &view, invite);
    Ok(())
}

fn show(cx: &Context<'_>, view: &RevocationView) -> Result<(), CliError> {
    let mut out = cx.ui.out();
    let (bold, dim) = (style::BOLD, style::DIM);
    writeln!(
        out,
        "{bold}{} in {}{bold:#}",
        clean(&view.what),
        clean(&view.collective)
    )?;
    let mut line =
        |label: &str, text: String| writeln!(out, "{dim}{label:<8}{dim:#}{}", clean(&text));
    for contract in &view.ends {
        line("ends", format!("{}  {}", contract.short, contract.sentence))?;
    }
    if !view.leaves.is_empty() {
        line("leaves", names(&view.leaves))?;
    }
    if !view.stays.is_empty() {
        line(
            "stays",
            format!("{}, whose rights came from these", names(&view.stays)),
        )?;
    }
    line("keeps", plural(view.kept, "record", "records"))?;
    let mut cut = plural(view.lost, "record", "records");
    if view.lost_control > 0 {
        cut.push_str(&format!(
            ", and {}",
            plural(view.lost_control, "act for others", "acts for others")
        ));
    }
    line("cuts", cut)?;
    for record in &view.lost_records {
        line(
            "",
            format!("{}  {}: {}", record.short, record.author, record.title),
        )?;
    }
    if view.lost > view.lost_records.len() as u64 {
        line("", "…".to_owned())?;
    }
    match view.keys {
        KeysChange::Unchanged => {}
        KeysChange::Renewed => line("keys", "new ones, which the removed do not get".to_owned())?,
        KeysChange::Due => line("keys", "new ones are due".to_owned())?,
    }
    out.flush()?;
    for caution in &view.cautions {
        cx.ui.warn(caution);
    }
    Ok(())
}

fn finish(cx: &Context<'_>, view: &RevocationView, invite: bool) {
    if invite {
        cx.ui.say("done: nobody can join by it any more");
        return;
    }
    let id = view.id.as_deref().unwrap_or_default();
    cx.ui.say(&format!(
        "done: revocation {}. Late honest work comes back by `moot readmit {0}`",
        crate::ui::short_key(id),
    ));
}

fn names(people: &[PersonView]) -> String {
    let names: Vec<&str> = people.iter().map(|who| who.name.as_str()).collect();
    names.join(", ")
}
