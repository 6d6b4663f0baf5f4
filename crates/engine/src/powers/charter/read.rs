//! From the text of a charter to the charter, strictly: a typing error must not become law.

use folkmoot_api::ApiError;
use folkmoot_record::{
    control::{Actions, Charter, Role, Rule},
    limits,
};
use toml::de::DeTable;

use super::{
    ACTIONS, CLASSES,
    text::{Entry, Section, no_toml},
};
use crate::errors::usage;

/// Longest text of a charter that is read: 64 roles with comments need far less.
const MOST_BYTES: usize = 256 << 10;
/// Highest rank of a role (section 3.2).
const RANK: u64 = 250;
/// Most roles (section 3.2).
const ROLES: usize = 64;
/// Greatest denominator of a share (section 3.2).
const SHARE: u64 = 1_000;
/// Numbers of the protocol lie below 2^53 (section 1.3).
const NUMBER: u64 = (1 << 53) - 1;
/// Most features in use (section 3.2).
const FEATURES: usize = 1_024;

/// Reads a charter. An error names the line, the key, and what would be right.
pub(crate) fn read(text: &str) -> Result<Charter, ApiError> {
    if text.len() > MOST_BYTES {
        return Err(usage(format!(
            "a charter has at most {MOST_BYTES} bytes of text"
        )));
    }
    let table = DeTable::parse(text).map_err(|error| no_toml(text, &error))?;
    let mut whole = Section::whole(text, &table);
    let history = whole.need("history", "history = \"open\"  # or \"closed\"")?;
    let history = match history.text("\"open\" or \"closed\"")? {
        "open" => 1,
        "closed" => 0,
        _ => return Err(history.fault("this is neither", "\"open\" or \"closed\"")),
    };
    let (content_per_day, control_per_day) = quotas(&mut whole)?;
    let roles = roles(&mut whole)?;
    let rules = match whole.optional("rules") {
        Some(rules) => self::rules(&rules)?,
        None => Vec::new(),
    };
    let agreement = whole
        .optional("agreement")
        .map(|entry| hash(&entry))
        .transpose()?;
    let features = whole
        .optional("features")
        .map(|entry| features(&entry))
        .transpose()?;
    whole.end()?;
    Ok(Charter {
        roles,
        rules,
        content_per_day,
        control_per_day,
        history,
        agreement,
        features,
    })
}

fn quotas(whole: &mut Section<'_>) -> Result<(u64, u64), ApiError> {
    let right = "[quotas] with content_per_day and control_per_day";
    let mut section = whole.need("quotas", right)?.section(right)?;
    let content = section
        .need("content_per_day", "content_per_day = 2000")?
        .number(0..=NUMBER)?;
    let control = section
        .need("control_per_day", "control_per_day = 256")?
        .number(0..=NUMBER)?;
    section.end()?;
    Ok((content, control))
}

fn roles(whole: &mut Section<'_>) -> Result<Vec<Role>, ApiError> {
    let right = "[[role]] with id, name, rank, may and may_grant, once for each role";
    let list = whole.need("role", right)?;
    let mut roles: Vec<Role> = Vec::new();
    for entry in list.list(right)? {
        let mut section = entry.section(right)?;
        let role = role(&mut section)?;
        section.end()?;
        if roles.iter().any(|other| other.id == role.id) {
            return Err(section.fault(
                &format!("the id {} is given twice", role.id),
                "each role has a number of its own, which never changes",
            ));
        }
        if roles
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(&role.name))
        {
            return Err(section.fault(
                &format!("the name {} is given twice", role.name),
                "each role has a name of its own",
            ));
        }
        roles.push(role);
    }
    if roles.is_empty() || roles.len() > ROLES {
        return Err(list.fault(
            &format!("there are {} roles", roles.len()),
            &format!("a charter has 1 to {ROLES} roles"),
        ));
    }
    roles.sort_by_key(|role| role.id);
    Ok(roles)
}

fn role(section: &mut Section<'_>) -> Result<Role, ApiError> {
    let id = section
        .need("id", "id = 1  # a number of its own")?
        .number(1..=u64::from(u16::MAX))?;
    let entry = section.need("name", "name = \"writer\"")?;
    let name = entry.text("name = \"writer\"")?;
    if name.trim().is_empty() || name.len() > limits::NAME || name.chars().any(char::is_control) {
        return Err(entry.fault(
            "this is no name",
            &format!("1 to {} bytes, without control characters", limits::NAME),
        ));
    }
    let rank = section
        .need("rank", "rank = 20  # from 1 to 250")?
        .number(1..=RANK)?;
    let right = format!(
        "the actions are: {}",
        ACTIONS.map(|(_, word)| word).join(", ")
    );
    let mut actions = 0;
    for entry in section
        .need("may", "may = [\"read\", \"write\"]")?
        .list("may = [\"read\", \"write\"]")?
    {
        let word = entry.text(&right)?;
        let known = ACTIONS.iter().find(|(_, known)| *known == word);
        let bit = known.map(|(bit, _)| bit.0).or_else(|| unnamed_bit(word));
        actions |= bit.ok_or_else(|| entry.fault(&format!("`{word}` is no action"), &right))?;
    }
    let entry = section.need(
        "may_grant",
        "may_grant = 0  # a rank, at most the role's own",
    )?;
    let may_grant = entry.number(0..=RANK)?;
    if may_grant > rank {
        return Err(entry.fault(
            "a role cannot give more than itself",
            &format!("0 to {rank}, the rank of the role"),
        ));
    }
    let narrow = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
    Ok(Role {
        id: u16::try_from(id).unwrap_or(u16::MAX),
        name: name.to_owned(),
        rank: narrow(rank),
        actions: Actions(actions),
        may_grant: narrow(may_grant),
    })
}

/// A bit that later versions may define: `bit-13` to `bit-31`.
fn unnamed_bit(word: &str) -> Option<u32> {
    let number: u32 = word.strip_prefix("bit-")?.parse().ok()?;
    let named = u32::try_from(ACTIONS.len()).unwrap_or(u32::MAX);
    (named..32).contains(&number).then(|| 1 << number)
}

fn rules(entry: &Entry<'_>) -> Result<Vec<Rule>, ApiError> {
    let right = "[rules.membership], and likewise for the other classes";
    let mut section = entry.section(right)?;
    let mut rules = Vec::new();
    for (class, name) in (0_u8..).zip(CLASSES) {
        if let Some(entry) = section.optional(name) {
            let mut section = entry.section(right)?;
            rules.push(rule(class, &mut section)?);
            section.end()?;
        }
    }
    section.end()?;
    Ok(rules)
}

fn rule(class: u8, section: &mut Section<'_>) -> Result<Rule, ApiError> {
    let rank = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
    let min_rank = section
        .need("least_rank", "least_rank = 20  # least rank that votes")?
        .number(0..=RANK)?;
    let wit_rank = section
        .need(
            "witness_rank",
            "witness_rank = 100  # 0: no witness is needed",
        )?
        .number(0..=RANK)?;
    let tenure_ms = time(&section.need("member_for", "member_for = \"7d\"  # or \"none\"")?)?;
    let active_ms =
        time(&section.need("active_within", "active_within = \"90d\"  # or \"none\"")?)?;
    let (y_num, y_den) = share(&section.need("share", "share = \"1/2\"")?)?;
    let min_yes = section
        .need("least_yes", "least_yes = 1")?
        .number(1..=NUMBER)?;
    let votes = section
        .need(
            "target_votes",
            "target_votes = true  # false: whom it is about has no vote",
        )?
        .truth()?;
    Ok(Rule {
        class,
        min_rank: rank(min_rank),
        wit_rank: rank(wit_rank),
        tenure_ms,
        active_ms,
        y_num,
        y_den,
        min_yes,
        flags: u64::from(!votes),
    })
}

/// Units of time, longest first, in ms.
pub(super) const UNITS: [(&str, u64); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("min", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

fn time(entry: &Entry<'_>) -> Result<u64, ApiError> {
    let right = "a number and a unit: 30d, 12h, 90min, 2w; or none";
    let text = entry.text(right)?;
    if text == "none" {
        return Ok(0);
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = UNITS.iter().find(|(name, _)| *name == unit.trim_start());
    number
        .parse::<u64>()
        .ok()
        .zip(unit)
        .and_then(|(number, (_, ms))| number.checked_mul(*ms))
        .filter(|ms| *ms <= NUMBER)
        .ok_or_else(|| entry.fault(&format!("`{text}` is no time"), right))
}

fn share(entry: &Entry<'_>) -> Result<(u64, u64), ApiError> {
    let right = "a fraction of all who may vote, such as 1/2 or 2/3, at most 1/1";
    let text = entry.text(right)?;
    let parts = text
        .split_once('/')
        .and_then(|(num, den)| Some((num.trim().parse::<u64>().ok()?, den.trim().parse().ok()?)));
    parts
        .filter(|(num, den)| *num >= 1 && num <= den && *den <= SHARE)
        .ok_or_else(|| entry.fault(&format!("`{text}` is no share"), right))
}

fn hash(entry: &Entry<'_>) -> Result<[u8; 32], ApiError> {
    let right = "64 hexadecimal digits: the hash of the text that was agreed on";
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(entry.text(right)?.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| entry.fault("this is no hash", right))
}

fn features(entry: &Entry<'_>) -> Result<Vec<u64>, ApiError> {
    let right = "a list of numbers; leave the line out where no feature is in use";
    let mut features = Vec::new();
    for entry in entry.list(right)? {
        features.push(entry.number(0..=NUMBER)?);
    }
    features.sort_unstable();
    features.dedup();
    if features.is_empty() || features.len() > FEATURES {
        return Err(entry.fault("this list does not fit", right));
    }
    Ok(features)
}
