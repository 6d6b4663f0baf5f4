//! The people of a random collective, and what it starts from.

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    DeviceKey, Draft, Hlc, KemKey, Kind, Place, SeatKey, Verified,
    control::{Actions, Charter, Control, Founder, Genesis, Role, Rule},
};

pub(super) const START_MS: u64 = 1_700_000_000_000;
pub(super) const DAY_MS: u64 = 86_400_000;

/// The ranks of the roles of [`charter`], by id.
pub(super) const RANKS: [u8; 5] = [10, 20, 21, 60, 100];

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) root: SigningKey,
    pub(super) devices: Vec<SigningKey>,
}

impl Person {
    pub(super) fn seat(&self) -> SeatKey {
        SeatKey::from_bytes(self.root.verifying_key().to_bytes())
    }
}

pub(super) fn device_key(key: &SigningKey) -> DeviceKey {
    DeviceKey::from_bytes(key.verifying_key().to_bytes())
}

pub(super) fn kem_key(key: &SigningKey) -> KemKey {
    KemKey::from_bytes(key.verifying_key().to_bytes())
}

/// The roles of section 4.8, and rules under which few people decide much.
pub(crate) fn charter() -> Charter {
    let role = |id, name: &str, rank, actions, may_grant| Role {
        id,
        name: name.to_owned(),
        rank,
        actions: Actions(actions),
        may_grant,
    };
    let rule = |class, min_rank, wit_rank, y: (u64, u64), min_yes, flags| Rule {
        class,
        min_rank,
        wit_rank,
        tenure_ms: 0,
        active_ms: 90 * DAY_MS,
        y_num: y.0,
        y_den: y.1,
        min_yes,
        flags,
    };
    let mut succession = rule(4, 20, 60, (1, 2), 2, 0);
    succession.tenure_ms = DAY_MS / 2;
    succession.active_ms = 2 * DAY_MS;
    Charter {
        roles: vec![
            role(1, "reader", 10, 0x001, 0),
            role(2, "writer", 20, 0x383, 0),
            role(3, "host", 21, 0x393, 20),
            role(4, "moderator", 60, 0x3FF, 60),
            role(5, "steward", 100, 0x1FFF, 100),
        ],
        rules: vec![
            rule(0, 20, 0, (1, 4), 1, 0),
            rule(1, 20, 60, (1, 3), 1, 0),
            rule(2, 100, 0, (1, 2), 1, 1),
            rule(3, 20, 0, (1, 3), 1, 0),
            succession,
        ],
        content_per_day: 2_000,
        control_per_day: 256,
        history: 1,
        agreement: None,
        features: None,
    }
}

/// Founded by these, who are in the order of their seats; the first one signs.
pub(super) fn genesis(people: &[Person]) -> Verified {
    let salt = [7; 16];
    let first = &people[0];
    let (dev, kem) = (device_key(&first.devices[0]), kem_key(&first.devices[0]));
    let genesis = Genesis {
        salt,
        name: "Random".to_owned(),
        charter: charter(),
        founders: people
            .iter()
            .map(|person| Founder {
                seat: person.seat(),
                role: 5,
                dev: device_key(&person.devices[0]),
                kem: kem_key(&person.devices[0]),
            })
            .collect(),
        inherits: None,
        founder_sig: Genesis::sign_founder(&first.root, &salt, dev, kem),
    };
    let draft = Draft {
        cid: None,
        seat: first.seat(),
        place: Place { seq: 0, prev: None },
        hlc: Hlc::from_raw(START_MS << 16).unwrap(),
        kind: Kind::GENESIS,
        cap: None,
        auth: Vec::new(),
        refs: Vec::new(),
        tags: Vec::new(),
        body: Control::Genesis(genesis).encode(),
    };
    draft.sign(&first.devices[0]).unwrap()
}
