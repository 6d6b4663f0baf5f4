//! `moot link`

use folkmoot_client::api::Note;

use crate::{
    commands::{Context, note::save},
    error::CliError,
    page::title_of,
    ui::clean,
};

/// Keep a link
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot link https://example.org/compost --title \"Hot compost\" -t garden
  moot link https://example.org --in commons --text \"worth a read\"
  moot link https://example.org --fetch-title

Nothing is fetched unless --fetch-title says so.")]
pub(crate) struct Args {
    /// The address
    url: String,
    /// Title
    #[arg(long)]
    title: Option<String>,
    /// Ask the server of the page for its title: it learns that you are interested, and from where
    #[arg(long, conflicts_with = "title")]
    fetch_title: bool,
    /// What you think of it
    #[arg(long)]
    text: Option<String>,
    /// Tag, up to 16
    #[arg(short, long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Collective it goes to: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    // Addresses of all kinds: https, mailto, magnet, urn.
    let scheme = args.url.split_once(':').map(|(scheme, _)| scheme);
    let letters = |scheme: &&str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    if scheme.filter(letters).is_none() {
        return Err(
            CliError::usage(format!("{} is no address", clean(&args.url))).hint(format!(
                "an address begins so: moot link https://{}",
                args.url
            )),
        );
    }
    let mut title = args.title;
    if args.fetch_title {
        title = title_of(&args.url)?;
        if title.is_none() {
            cx.ui.say("the page says no title");
        }
    }
    save(
        cx,
        Note {
            kind: "link".into(),
            collective: args.collective,
            title,
            text: args.text,
            url: Some(args.url),
            tags: args.tags,
            device: args.device,
            ..Note::default()
        },
    )
}
