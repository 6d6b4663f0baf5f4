//! Epoch secrets and what is derived from them (sections 1.1 and 6.3).

use ed25519_dalek::SigningKey;
use folkmoot_record::EpochId;

use crate::{kdf, presence::PresenceKey, secret::secret_type};

secret_type!(
    /// `es`: the secret of one epoch of a collective. It opens all content of the epoch.
    EpochSecret
);
secret_type!(
    /// Opens boxes of control records. A joiner without history still gets these.
    ControlKey
);
secret_type!(
    /// Opens boxes of content.
    DataKey
);

impl EpochSecret {
    /// `key_id`: the public id of the epoch.
    pub fn id(&self) -> EpochId {
        EpochId::from_bytes(*self.derive("folkmoot/1 epoch id"))
    }

    /// `data_key`.
    pub fn data_key(&self) -> DataKey {
        DataKey::from_bytes(*self.derive("folkmoot/1 epoch data"))
    }

    /// `ctrl_key`.
    pub fn control_key(&self) -> ControlKey {
        ControlKey::from_bytes(*self.derive("folkmoot/1 epoch ctrl"))
    }

    /// The gossip topic of this epoch, 16 bytes (section 7.7).
    pub fn topic(&self) -> [u8; 16] {
        kdf::cut(&self.derive("folkmoot/1 topic"))
    }

    /// `Kp`: proves in a hello that one holds this epoch (section 7.4).
    pub fn presence(&self) -> PresenceKey {
        PresenceKey::of(self.expose())
    }

    /// The key whose public half names the namespace at keepers (section 7.9).
    pub fn keeper_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.derive("folkmoot/1 keeper"))
    }

    fn derive(&self, context: &'static str) -> zeroize::Zeroizing<[u8; 32]> {
        kdf::derive(context, &[self.expose()])
    }
}
