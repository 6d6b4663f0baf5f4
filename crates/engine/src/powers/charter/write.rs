//! From a charter to its text, with comments that say what each part means.

use std::fmt::Write as _;

use folkmoot_record::control::{Charter, Role, Rule};

use super::{ACTIONS, CLASSES, read::UNITS};

/// The text of a charter; [`super::read`] gives the same charter back.
pub(crate) fn write(charter: &Charter) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    let (Ok(()) | Err(_)) = whole(charter, &mut out);
    out
}

fn whole(charter: &Charter, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "# \"open\": who comes later reads what was written before; or \"closed\".\nhistory = \"{}\"",
        if charter.history == 0 {
            "closed"
        } else {
            "open"
        }
    )?;
    if let Some(agreement) = &charter.agreement {
        let digits = data_encoding::HEXLOWER.encode(agreement);
        writeln!(
            out,
            "\n# Hash of the text that was agreed on.\nagreement = \"{digits}\""
        )?;
    }
    if let Some(features) = &charter.features {
        writeln!(
            out,
            "\n# Features of the protocol in use.\nfeatures = {features:?}"
        )?;
    }
    writeln!(
        out,
        "\n# Records that one device may add on one day; more has to wait.\n[quotas]\ncontent_per_day = {}\ncontrol_per_day = {}",
        charter.content_per_day, charter.control_per_day
    )?;
    writeln!(
        out,
        "\n# Roles: what a holder may do, and the highest rank that a holder may give."
    )?;
    for (at, role) in charter.roles.iter().enumerate() {
        write_role(role, at == 0, out)?;
    }
    if !charter.rules.is_empty() {
        writeln!(
            out,
            "\n# Rules: who votes on what, and how many of all these must say yes."
        )?;
    }
    for (at, rule) in charter.rules.iter().enumerate() {
        write_rule(rule, at == 0, out)?;
    }
    Ok(())
}

fn write_role(role: &Role, first: bool, out: &mut String) -> std::fmt::Result {
    let mut words: Vec<String> = ACTIONS
        .iter()
        .filter(|(bit, _)| role.actions.contains(*bit))
        .map(|(_, word)| (*word).to_owned())
        .collect();
    let unnamed = (0_u32..32).skip(ACTIONS.len());
    words.extend(
        unnamed
            .filter(|bit| role.actions.0 & (1 << bit) != 0)
            .map(|bit| format!("bit-{bit}")),
    );
    if !first {
        writeln!(out)?;
    }
    writeln!(
        out,
        "[[role]]\nid = {}\nname = {}\nrank = {}\nmay = {words:?}\nmay_grant = {}",
        role.id,
        toml::Value::String(role.name.clone()),
        role.rank,
        role.may_grant
    )
}

fn write_rule(rule: &Rule, first: bool, out: &mut String) -> std::fmt::Result {
    let name = CLASSES.get(usize::from(rule.class)).copied().unwrap_or("");
    if !first {
        writeln!(out)?;
    }
    writeln!(
        out,
        "[rules.{name}]\nleast_rank = {}\nwitness_rank = {}\nmember_for = \"{}\"\nactive_within = \"{}\"\nshare = \"{}/{}\"\nleast_yes = {}\ntarget_votes = {}",
        rule.min_rank,
        rule.wit_rank,
        time(rule.tenure_ms),
        time(rule.active_ms),
        rule.y_num,
        rule.y_den,
        rule.min_yes,
        rule.flags & 1 == 0,
    )
}

fn time(ms: u64) -> String {
    if ms == 0 {
        return "none".to_owned();
    }
    // Weeks are read, but days are what people compare.
    let unit = UNITS
        .iter()
        .filter(|(name, _)| *name != "w")
        .find(|(_, unit)| ms.is_multiple_of(*unit));
    unit.map_or_else(
        || format!("{ms}ms"),
        |(name, unit)| format!("{}{name}", ms / unit),
    )
}
