//! The secret of an invite link and what it signs (sections 1.2 and 7.5).

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, InviteKey, KemKey, SeatKey, signature};
use zeroize::Zeroizing;

use crate::kdf;

/// Prefix of the signature with which an invite is redeemed.
pub const REDEEM: &str = "folkmoot/1 redeem";
/// 20 random bytes in an invite link; they make the invite's key.
#[derive(Clone)]
pub struct InviteSeed(Zeroizing<[u8; 20]>);

impl InviteSeed {
    /// Wraps 20 random bytes.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Shows the bytes, to write them into a link or a sealed value.
    pub fn expose(&self) -> &[u8; 20] {
        &self.0
    }

    /// `inv`: the key of the invite.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&kdf::derive("folkmoot/1 invite key", &[&*self.0]))
    }

    /// `inv_pk`, which stands in the invite record.
    pub fn public(&self) -> InviteKey {
        InviteKey::from_bytes(self.signing_key().verifying_key().to_bytes())
    }

    /// `redeem_sig` of a join. It names the joiner's keys, so an onlooker gains nothing.
    pub fn redeem(
        &self,
        cid: &CollectiveId,
        invite: &GrantId,
        seat: &SeatKey,
        dev: &DeviceKey,
        kem: &KemKey,
    ) -> [u8; 64] {
        signature::sign(
            &self.signing_key(),
            REDEEM,
            &[
                cid.as_bytes(),
                invite.as_bytes(),
                seat.as_bytes(),
                dev.as_bytes(),
                kem.as_bytes(),
            ],
        )
    }
}

impl core::fmt::Debug for InviteSeed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("InviteSeed(..)")
    }
}

impl PartialEq for InviteSeed {
    fn eq(&self, other: &Self) -> bool {
        // Compares the derived keys, in constant time; equal seeds give equal keys.
        self.signing_key() == other.signing_key()
    }
}

impl Eq for InviteSeed {}
