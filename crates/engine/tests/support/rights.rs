//! Giving and ending rights, in the words of a test.

use folkmoot_api::{
    Command, ContractView, ContractsArgs, GrantNew, LimitArgs, ReadmissionView, ReadmitArgs,
    RevocationView, RevokeArgs,
};
use jiff::{SignedDuration, Timestamp};

use crate::hub::{Home, Hub, equal};

pub(crate) fn ahead(seconds: i64) -> Timestamp {
    Timestamp::now()
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap()
}

pub(crate) fn limits(tags: &[&str], kinds: &[&str], until: Option<Timestamp>) -> LimitArgs {
    LimitArgs {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        from: None,
        until,
        depth: None,
    }
}

pub(crate) fn give(who: &str, role: &str, limits: LimitArgs) -> Command {
    Command::Grant(GrantNew {
        who: who.to_owned(),
        role: role.to_owned(),
        collective: None,
        limits,
    })
}

pub(crate) fn grant(giver: &Home, who: &str, role: &str, limits: LimitArgs) -> ContractView {
    giver.ask(give(who, role, limits)).try_into().unwrap()
}

pub(crate) fn take(what: &str) -> RevokeArgs {
    RevokeArgs {
        what: what.to_owned(),
        ..RevokeArgs::default()
    }
}

pub(crate) fn revoke(home: &Home, args: RevokeArgs) -> RevocationView {
    home.ask(Command::Revoke(args)).try_into().unwrap()
}

pub(crate) fn readmit(home: &Home, what: &str, dry_run: bool) -> ReadmissionView {
    home.ask(Command::Readmit(ReadmitArgs {
        what: what.to_owned(),
        collective: None,
        dry_run,
    }))
    .try_into()
    .unwrap()
}

pub(crate) fn contracts(home: &Home, args: ContractsArgs) -> Vec<ContractView> {
    home.ask(Command::Contracts(args)).try_into().unwrap()
}

/// Who may only read shows no name: the first digits of the seat name them.
pub(crate) fn seat(home: &Home) -> String {
    home.view().seat[..8].to_owned()
}

/// The code of the rule by which a command is refused.
pub(crate) fn rule(home: &Home, command: Command) -> String {
    let error = home.refused(command);
    assert!(error.hint.is_some(), "{error:?}");
    match &error.reason {
        Some(code) => code.to_string(),
        None => format!("{error:?}"),
    }
}

/// Ana founds; Ben and Cy come in with these roles, and all hold the same.
pub(crate) fn three(hub: &Hub, ben: &str, cy: &str) -> (Home, Home, Home) {
    let [a, b, c] = ["ana", "ben", "cy"].map(|name| hub.person(name));
    a.found("commons");
    b.join(&a.invite(ben).key.unwrap());
    c.join(&a.invite(cy).key.unwrap());
    hub.join(&b, &c);
    equal(&[&a, &b, &c]);
    (a, b, c)
}
