//! Real records made by made-up people: keys come from numbers.

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Hlc, KemKey, Kind, Place, RecordId, SeatKey, Verified,
    content::Content,
    control::{
        Actions, Charter, Control, DeviceAdd, DeviceBody, Founder, Genesis, Invite, Join, Limits,
        Role,
    },
    fc::Value,
    grant_id_of_founder,
};
use folkmoot_seal::InviteSeed;

fn key(of: u32, what: u8) -> SigningKey {
    let mut seed = [what; 32];
    seed[..4].copy_from_slice(&of.to_be_bytes());
    SigningKey::from_bytes(&seed)
}

/// One person in one collective, and where their logs stand.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) device: SigningKey,
    pub(crate) root: SigningKey,
    pub(crate) seat: SeatKey,
    pub(crate) grant: Option<GrantId>,
    /// Lane-0 records that the own records cite.
    auth: Option<RecordId>,
    control: (u32, Option<RecordId>),
    content: (u32, Option<RecordId>),
    last: Hlc,
}

impl Person {
    pub(crate) fn new(number: u32) -> Self {
        let root = key(number, 0xAA);
        Self {
            device: key(number, 0xDD),
            seat: SeatKey::from_bytes(root.verifying_key().to_bytes()),
            root,
            grant: None,
            auth: None,
            control: (0, None),
            content: (0, None),
            last: Hlc::default(),
        }
    }

    pub(crate) fn dev(&self) -> DeviceKey {
        DeviceKey::from_bytes(self.device.verifying_key().to_bytes())
    }

    fn kem(&self) -> KemKey {
        KemKey::from_bytes([9; 32])
    }

    fn draft(&mut self, cid: Option<CollectiveId>, now: u64, kind: Kind, body: Vec<u8>) -> Draft {
        self.last = Hlc::next(now, [self.last]);
        let (seq, prev) = if kind.is_content() {
            self.content
        } else {
            self.control
        };
        Draft {
            cid,
            seat: self.seat,
            place: Place { seq, prev },
            hlc: self.last,
            kind,
            cap: self.grant,
            auth: self.auth.into_iter().collect(),
            refs: Vec::new(),
            tags: Vec::new(),
            body,
        }
    }

    fn signed(&mut self, draft: Draft) -> Verified {
        let record = draft
            .sign(&self.device)
            .expect("a record of the tests stands");
        let log = if record.header().kind.is_content() {
            &mut self.content
        } else {
            &mut self.control
        };
        *log = (record.header().seq + 1, Some(record.id()));
        record
    }

    /// Founds a collective.
    pub(crate) fn found(&mut self, now: u64) -> Verified {
        let salt = [7; 16];
        let role = Role {
            id: 5,
            name: "steward".into(),
            rank: 100,
            actions: Actions::ALL,
            may_grant: 100,
        };
        let body = Control::Genesis(Genesis {
            salt,
            name: "commons".into(),
            charter: Charter {
                roles: vec![role],
                rules: Vec::new(),
                content_per_day: 2_000,
                control_per_day: 256,
                history: 1,
                agreement: None,
                features: None,
            },
            founders: vec![Founder {
                seat: self.seat,
                role: 5,
                dev: self.dev(),
                kem: self.kem(),
            }],
            inherits: None,
            founder_sig: Genesis::sign_founder(&self.root, &salt, self.dev(), self.kem()),
        });
        let draft = self.draft(None, now, Kind::GENESIS, body.encode());
        let genesis = self.signed(draft);
        let cid = CollectiveId::from(genesis.id());
        self.grant = Some(grant_id_of_founder(cid, 0));
        self.auth = Some(genesis.id());
        genesis
    }

    /// Makes an invite under the own grant.
    pub(crate) fn invite(
        &mut self,
        cid: CollectiveId,
        now: u64,
        seed: [u8; 20],
        uses: u64,
    ) -> Verified {
        let body = Control::Invite(Invite {
            key: InviteSeed::from_bytes(seed).public(),
            limits: Limits {
                role: 5,
                rank: 20,
                mask: Actions(3),
                kinds: None,
                tags: None,
                nbf: None,
                exp: None,
                depth_left: 3,
            },
            max_uses: uses,
            label: None,
            open_from: None,
            open_until: None,
        });
        let draft = self.draft(Some(cid), now, Kind::INVITE, body.encode());
        self.signed(draft)
    }

    /// Redeems an invite.
    pub(crate) fn join(
        &mut self,
        cid: CollectiveId,
        now: u64,
        seed: [u8; 20],
        invite: &Verified,
    ) -> Verified {
        let gid = GrantId::from(invite.id());
        let (dev, kem) = (self.dev(), self.kem());
        let redeem = InviteSeed::from_bytes(seed).redeem(&cid, &gid, &self.seat, &dev, &kem);
        let body = Control::Join(Join {
            seat: self.seat,
            dev,
            kem,
            redeem_sig: redeem,
            seat_sig: Join::sign_seat(&self.root, cid, dev, kem),
            old_dev: None,
        });
        self.last = invite.header().hlc;
        self.grant = Some(gid);
        self.auth = Some(invite.id());
        let draft = self.draft(Some(cid), now, Kind::JOIN, body.encode());
        let join = self.signed(draft);
        self.grant = Some(GrantId::from(join.id()));
        self.auth = Some(join.id());
        join
    }

    /// The same person on an empty machine: a new device, which the root is to add.
    pub(crate) fn anew(number: u32) -> Self {
        Self {
            device: key(number, 0xEE),
            ..Self::new(number)
        }
    }

    /// Adds the own device by the root.
    pub(crate) fn add_device(
        &mut self,
        cid: CollectiveId,
        now: u64,
        heads: Vec<RecordId>,
    ) -> Verified {
        let body = Control::Device(DeviceBody {
            adds: vec![DeviceAdd {
                dev: self.dev(),
                kem: Some(self.kem()),
                limits: None,
            }],
            drops: Vec::new(),
        });
        let hlc = Hlc::next(now, [self.last]);
        let record = Draft {
            cid: Some(cid),
            seat: self.seat,
            place: Place { seq: 0, prev: None },
            hlc,
            kind: Kind::DEVICE,
            cap: None,
            auth: heads.into_iter().take(16).collect(),
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        }
        .sign(&self.root)
        .expect("a record of the tests stands");
        self.auth = Some(record.id());
        // Any grant will do where nobody evaluates.
        self.grant = self.grant.or(Some(grant_id_of_founder(cid, 0)));
        record
    }

    /// Writes a note.
    pub(crate) fn note(&mut self, cid: CollectiveId, now: u64, text: &str) -> Verified {
        let (seq, _) = self.content;
        let mut salt = [0; 16];
        salt[..4].copy_from_slice(&seq.to_be_bytes());
        let body = Content::new(salt)
            .with(0, Value::Text(text.into()))
            .encode();
        let draft = self.draft(Some(cid), now, Kind::NOTE, body);
        self.signed(draft)
    }
}
