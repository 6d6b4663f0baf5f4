//! `moot grant`

use std::io::Write;

use folkmoot_client::api::{Command, ContractView, GrantNew, LimitArgs};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, moment_ahead, style},
};

/// Give a member a right
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot grant @Ben --role host
  moot grant @Cy --role writer --tag garden --kind note --until 2027-01-01
  moot grant 9c01 --in commons --role moderator --until 90d --depth 0

You can give no more than you have: not a higher role, not other tags, not for longer. What you
give ends with `moot revoke`; `moot contracts` lists it. To bring somebody in, use `moot invite`.")]
pub(crate) struct Args {
    /// The member: @name, or the first digits of the seat
    who: String,
    /// Role that is given
    #[arg(long)]
    role: String,
    /// Name or id prefix of the collective; needed where several have a member called so
    #[arg(long = "in", value_name = "COLLECTIVE")]
    place: Option<String>,
    #[command(flatten)]
    limits: Limits,
}

/// Limits of a right.
#[derive(Debug, clap::Args)]
pub(crate) struct Limits {
    /// Only for content with this tag, or one below it; may be repeated
    #[arg(long = "tag", short = 't', value_name = "TAG")]
    tags: Vec<String>,
    /// Only for content of this kind: note, link, task, …; may be repeated
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// In force from this day on: 2027-01-01, or in 2w
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// In force until this day begins: 2027-01-01, or for 90d
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// How many times it may be handed on; 0: not at all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=31))]
    depth: Option<u8>,
}

impl Limits {
    /// As the API takes them.
    ///
    /// # Errors
    /// A date that is none.
    pub(crate) fn read(self) -> Result<LimitArgs, CliError> {
        Ok(LimitArgs {
            tags: self.tags,
            kinds: self.kinds,
            from: self.from.as_deref().map(moment_ahead).transpose()?,
            until: self.until.as_deref().map(moment_ahead).transpose()?,
            depth: self.depth,
        })
    }
}

/// # Errors
/// A date that is none, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let grant = GrantNew {
        who: args.who,
        role: args.role,
        collective: args.place,
        limits: args.limits.read()?,
    };
    let view: ContractView = Access::open(cx, Need::ExistingHome)?.ask(Command::Grant(grant))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let id = style::ID;
    let mut out = cx.ui.out();
    writeln!(
        out,
        "{id}{}{id:#}  {}",
        clean(&view.short),
        clean(&view.sentence)
    )?;
    out.flush()?;
    if let Some(end) = &view.end {
        cx.ui.say(&format!("to end it: {}", clean(end)));
    }
    if let Some(caution) = &view.caution {
        cx.ui.warn(caution);
    }
    Ok(())
}
