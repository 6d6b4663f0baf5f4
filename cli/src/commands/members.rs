//! `moot members`

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use folkmoot_client::api::{Command, MemberView, MembersArgs};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{age, clean, fit, plural, short_key, style},
};

/// Show who is in a collective, and who admitted whom
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot members commons
  moot members commons --all     also those who left or were removed
  moot members --json            one member a line

`heard` tells when a member was last connected to your node, or, where that says less, when they
wrote the newest record that you hold. `moot why NAME` tells more about one of them.")]
pub(crate) struct Args {
    /// Name or id prefix; may be left out where you are in one collective only
    collective: Option<String>,
    /// Also those who left, were removed, or whose right is over
    #[arg(long)]
    all: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    // Who went may stand between two who are there: the tree needs all of them.
    let ask = MembersArgs {
        collective: args.collective,
        all: args.all || !cx.ui.json,
    };
    let members: Vec<MemberView> =
        Access::open(cx, Need::ExistingHome)?.ask(Command::Members(ask))?;
    if cx.ui.json {
        return cx.ui.objects(&members);
    }
    let mut out = cx.ui.out();
    let now = Timestamp::now();
    for (stem, member) in tree(&members, args.all) {
        let line = line(&stem, member, now);
        let width = cx.ui.out_is_terminal().then(|| usize::from(cx.ui.width()));
        writeln!(out, "{}", fit(&line, width))?;
    }
    let live = members.iter().filter(|member| member.live).count() as u64;
    let gone = members.len() as u64 - live;
    out.flush()?;
    let gone = match (gone, args.all) {
        (0, _) => String::new(),
        (_, true) => format!(", {gone} gone"),
        (_, false) => format!(", {gone} gone (--all shows them)"),
    };
    cx.ui
        .say(&format!("{}{gone}", plural(live, "member", "members")));
    Ok(())
}

/// Everybody below the one who admitted them, with what is drawn before them. Who went is left out,
/// unless somebody who stayed came by them.
fn tree(members: &[MemberView], all: bool) -> Vec<(String, &MemberView)> {
    let known: BTreeSet<&str> = members.iter().map(|member| member.seat.as_str()).collect();
    let mut below: BTreeMap<Option<&str>, Vec<&MemberView>> = BTreeMap::new();
    for member in members {
        let by = member.admitted_by.as_deref();
        let by = by.filter(|by| known.contains(by) && *by != member.seat);
        below.entry(by).or_default().push(member);
    }
    let mut shown = Shown {
        below: &below,
        all,
        met: BTreeSet::new(),
        lines: Vec::new(),
    };
    shown.branch(None, "");
    // Whoever admitted one another, as only liars' records could say, would hang on nothing.
    for member in members {
        if !shown.met.contains(member.seat.as_str()) && (all || member.live) {
            shown.met.insert(&member.seat);
            shown.lines.push((String::new(), member));
        }
    }
    shown.lines
}

/// Deepest branch that is drawn: rights are handed on at most 31 times.
const DEEPEST: usize = 32;

struct Shown<'b, 'm> {
    below: &'b BTreeMap<Option<&'m str>, Vec<&'m MemberView>>,
    all: bool,
    met: BTreeSet<&'m str>,
    lines: Vec<(String, &'m MemberView)>,
}

impl<'m> Shown<'_, 'm> {
    fn branch(&mut self, of: Option<&'m str>, stem: &str) {
        let here: Vec<&MemberView> = self
            .below
            .get(&of)
            .into_iter()
            .flatten()
            .copied()
            .filter(|member| self.is_wanted(member, 0))
            .collect();
        let last = here.len().saturating_sub(1);
        for (i, member) in here.into_iter().enumerate() {
            if !self.met.insert(&member.seat) {
                continue;
            }
            let (own, further) = match (of, i == last) {
                (None, _) => (String::new(), String::new()),
                (_, true) => (format!("{stem}└─ "), format!("{stem}   ")),
                (_, false) => (format!("{stem}├─ "), format!("{stem}│  ")),
            };
            self.lines.push((own, member));
            if further.chars().count() < 3 * DEEPEST {
                self.branch(Some(&member.seat), &further);
            }
        }
    }

    fn is_wanted(&self, member: &MemberView, depth: usize) -> bool {
        let below = |member: &MemberView| {
            self.below
                .get(&Some(member.seat.as_str()))
                .into_iter()
                .flatten()
                .any(|other| self.is_wanted(other, depth + 1))
        };
        self.all || member.live || (depth < DEEPEST && below(member))
    }
}

fn line(stem: &str, member: &MemberView, now: Timestamp) -> String {
    let (bold, dim) = (style::BOLD, style::DIM);
    let you = if member.me { " (you)" } else { "" };
    let mut facts = Vec::new();
    match &member.parted {
        None => facts.push(clean(&member.role).into_owned()),
        Some(parted) => {
            let by = match (&parted.by_name, parted.by_vote) {
                (_, true) => " by vote".to_owned(),
                (Some(name), false) => format!(" by {}", clean(name)),
                (None, false) => String::new(),
            };
            let at = parted
                .at
                .map_or_else(String::new, |at| format!(" {}", ago(at, now)));
            facts.push(format!("{}{by}{at}", parted.how));
            if let Some(reason) = &parted.reason {
                facts.push(format!("“{}”", clean(reason)));
            }
        }
    }
    facts.push(match (member.admitted_via.as_str(), &member.invite_label) {
        ("founding", _) => "founded it".to_owned(),
        ("invite", Some(label)) => format!("invite “{}”", clean(label)),
        (via, _) => format!("by {via}"),
    });
    let limited = member.devices.iter().filter(|d| d.limits.is_some()).count() as u64;
    let full = member.devices.len() as u64 - limited;
    if member.live {
        let mut devices = plural(full, "device", "devices");
        if limited > 0 {
            devices.push_str(&format!(" and {limited} limited"));
        }
        facts.push(devices);
    }
    if member.devices.iter().any(|device| device.connected) && !member.me {
        facts.push("connected".to_owned());
    } else if let Some(heard) = member.last_heard.filter(|_| member.live) {
        let by = match member.heard_by.as_deref() {
            Some("connection") => "by connection",
            _ => "by a record",
        };
        facts.push(format!("heard {} {by}", ago(heard, now)));
    }
    format!(
        "{dim}{stem}{dim:#}{bold}{}{bold:#}{you}  {dim}{}{dim:#}  {}",
        clean(&member.name),
        short_key(&member.seat),
        facts.join(" · ")
    )
}

/// `now`, `5 min ago`, or a date.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let age = age(then, now);
    if age == "now" || age.contains('-') || age.contains('(') {
        age
    } else {
        format!("{age} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(seat: &str, by: Option<&str>, live: bool) -> MemberView {
        let mut value = serde_json::json!({
            "name": seat, "seat": seat, "me": false, "role": "writer", "rank": 20, "rights": [],
            "live": live, "admitted_by": by, "admitted_via": "invite",
            "since": "2026-01-01T00:00:00Z", "devices": [], "records": 0,
        });
        if !live {
            value["parted"] = serde_json::json!({
                "how": "left", "by": null, "by_name": null, "by_vote": false, "at": null,
                "reason": null,
            });
        }
        serde_json::from_value(value).unwrap()
    }

    fn drawn(members: &[MemberView], all: bool) -> Vec<String> {
        tree(members, all)
            .into_iter()
            .map(|(stem, member)| format!("{stem}{}", member.name))
            .collect()
    }

    #[test]
    fn a_tree_hangs_everybody_below_who_admitted_them() {
        let members = [
            member("a", None, true),
            member("b", Some("a"), false),
            member("c", Some("b"), true),
            member("d", Some("a"), false),
            member("e", Some("a"), true),
        ];
        assert_eq!(drawn(&members, false), ["a", "├─ b", "│  └─ c", "└─ e"]);
        assert_eq!(
            drawn(&members, true),
            ["a", "├─ b", "│  └─ c", "├─ d", "└─ e"]
        );
    }

    #[test]
    fn liars_who_admitted_one_another_are_shown_and_end() {
        let members = [member("a", Some("b"), true), member("b", Some("a"), true)];
        assert_eq!(drawn(&members, false), ["a", "b"]);
    }
}
