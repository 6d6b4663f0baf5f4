//! Founding a collective: genesis, the first epoch, and its keys.

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Seen, Standing};
use folkmoot_api::ApiError;
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, Hlc, Kind, Place, SeatKey,
    control::{Actions, Charter, Control, Epoch, Founder, Genesis, Role, Rule},
    limits,
};
use folkmoot_seal::{Bundle, EpochSecret, KemSecret, Recipient};
use folkmoot_store::Entry;

use crate::{
    clock::random,
    errors::{failed, usage},
    keeping::author::Signer,
    membership::collective::Collective,
    person::{
        keyring::Keyring,
        secrets::{Membership, Secrets},
    },
};

/// Number of the steward's role in the default charter (section 4.8).
const STEWARD: u16 = 5;
/// What a founder has to be able to do: else the collective could never grow or keep its keys.
const FOUNDERS_NEED: [(Actions, &str); 3] = [
    (Actions::READ, "read"),
    (Actions::INVITE, "invite"),
    (Actions::REKEY, "rekey"),
];
/// A day in milliseconds.
const DAY: u64 = 86_400_000;

/// Founds a collective with this person as its only steward. Returns it with the entries that
/// make it durable; its keys must be saved before they are stored.
pub(crate) fn found(
    keyring: &Keyring,
    name: &str,
    charter: Charter,
    home: bool,
    now_ms: u64,
) -> Result<(Collective, Vec<Entry>), ApiError> {
    if name.is_empty() || name.len() > limits::NAME || name.contains('\0') {
        return Err(usage(format!("a name has 1 to {} bytes", limits::NAME)));
    }
    let role = founders_role(&charter)?;
    let salt: [u8; 16] = random().map_err(|e| failed(e.to_string()))?;
    let root = keyring.founder_seat(&salt);
    let seat = SeatKey::from_bytes(root.verifying_key().to_bytes());
    let device = SigningKey::from_bytes(&random().map_err(|e| failed(e.to_string()))?);
    let dev = DeviceKey::from_bytes(device.verifying_key().to_bytes());
    let kem = KemSecret::from_bytes(random().map_err(|e| failed(e.to_string()))?);
    let body = Control::Genesis(Genesis {
        salt,
        name: name.to_owned(),
        charter,
        founders: vec![Founder {
            seat,
            role,
            dev,
            kem: kem.public(),
        }],
        inherits: None,
        founder_sig: Genesis::sign_founder(&root, &salt, dev, kem.public()),
    });
    let genesis = Draft {
        cid: None,
        seat,
        place: Place { seq: 0, prev: None },
        hlc: Hlc::next(now_ms, []),
        kind: Kind::GENESIS,
        cap: None,
        auth: Vec::new(),
        refs: Vec::new(),
        tags: Vec::new(),
        body: body.encode(),
    }
    .sign(&device)
    .map_err(|reason| failed(format!("the founding record would be refused ({reason})")))?;

    let mut collective = Collective::new(Secrets {
        cid: CollectiveId::from(genesis.id()),
        membership: Membership::Member,
        aside: false,
        home,
        founder_salt: Some(salt),
        seat,
        device,
        kems: vec![kem],
        epochs: Vec::new(),
        agents: Vec::new(),
    });
    let inserted = collective.accord.insert(genesis.clone(), Seen::now(now_ms));
    if !matches!(inserted.standing, Standing::Admitted { honoured: true }) {
        return Err(failed(format!(
            "the founding record would not stand: {:?}",
            inserted.standing
        )));
    }
    let mut entries = vec![Entry::Record(genesis, now_ms)];
    entries.extend(collective.begin_epoch(now_ms)?);
    Ok((collective, entries))
}

/// The role of the greatest rank; of several the one of the smallest number.
fn founders_role(charter: &Charter) -> Result<u16, ApiError> {
    if charter.features.is_some() {
        return Err(usage("the charter asks for features of the protocol")
            .hint("leave `features` out: this version knows none"));
    }
    let highest = charter
        .roles
        .iter()
        .min_by_key(|role| (std::cmp::Reverse(role.rank), role.id))
        .ok_or_else(|| usage("the charter has no role"))?;
    for (action, word) in FOUNDERS_NEED {
        if !highest.actions.contains(action) {
            return Err(usage(format!(
                "the founder gets the role {}, which may not {word}",
                highest.name
            ))
            .hint(format!(
                "add \"{word}\" to `may` of the role of the greatest rank"
            )));
        }
    }
    Ok(highest.id)
}

impl Collective {
    /// Draws a new epoch secret, posts its record and seals it to every live reader (section 6.3).
    pub(crate) fn begin_epoch(&mut self, now_ms: u64) -> Result<Vec<Entry>, ApiError> {
        let secret = EpochSecret::from_bytes(random().map_err(|e| failed(e.to_string()))?);
        let readers: Vec<Recipient> = self
            .accord
            .live_readers(now_ms)
            .into_iter()
            .map(|(_, dev, kem)| Recipient { dev, kem })
            .collect();
        let seed = random().map_err(|e| failed(e.to_string()))?;
        let sealing = Bundle::seal(&secret, &self.cid(), &readers, &seed)
            .map_err(|error| failed(format!("the new keys could not be sealed: {error}")))?;
        let generation = self
            .accord
            .state()
            .epochs
            .values()
            .map(|epoch| epoch.generation)
            .max()
            .unwrap_or(0)
            + 1;
        let body = Control::Epoch(Epoch {
            generation,
            key_id: secret.id(),
            bundle_hash: sealing.bundle.hash(),
            links: Vec::new(),
        });
        let (mut entries, _) = self.sign_control(
            now_ms,
            Some(Actions::REKEY),
            Signer::Device,
            Kind::EPOCH,
            &body,
        )?;
        entries.push(Entry::Bundle {
            cid: self.cid(),
            key_id: secret.id(),
            bytes: sealing.bundle.encode(),
        });
        self.secrets.learn(secret);
        self.refresh_offers();
        Ok(entries)
    }
}

/// The default charter (sections 4.8 and 5.6). A founder alone may make a second steward soon.
pub(crate) fn default_charter() -> Charter {
    let role = |id, name: &str, rank, actions, may_grant| Role {
        id,
        name: name.to_owned(),
        rank,
        actions: Actions(actions),
        may_grant,
    };
    let rule = |class, min_rank, wit_rank, tenure_d, active_d, y_num, y_den, min_yes, flags| Rule {
        class,
        min_rank,
        wit_rank,
        tenure_ms: tenure_d * DAY,
        active_ms: active_d * DAY,
        y_num,
        y_den,
        min_yes,
        flags,
    };
    Charter {
        roles: vec![
            role(1, "reader", 10, 0x001, 0),
            role(2, "writer", 20, 0x383, 0),
            role(3, "host", 21, 0x393, 20),
            role(4, "moderator", 60, 0x3FF, 21),
            role(STEWARD, "steward", 100, 0x1FFF, 100),
            role(6, "guest", 10, 0x802, 0),
        ],
        rules: vec![
            rule(0, 20, 0, 0, 90, 1, 4, 1, 0),
            rule(1, 20, 100, 0, 90, 1, 2, 1, 0),
            rule(2, 100, 0, 0, 0, 2, 3, 2, 1),
            rule(3, 20, 100, 7, 90, 1, 2, 1, 0),
            rule(4, 20, 100, 30, 90, 1, 2, 3, 0),
        ],
        content_per_day: 2_000,
        control_per_day: 256,
        history: 1,
        agreement: None,
        features: None,
    }
}

/// The charter of a personal home: one person, nothing to vote on (section 7.5).
pub(crate) fn home_charter() -> Charter {
    Charter {
        rules: Vec::new(),
        ..default_charter()
    }
}
