//! Back-links: an older epoch's key under a newer one's (section 6.3).

use folkmoot_record::{EpochId, control::EpochLink, hash};
use zeroize::Zeroizing;

use crate::{
    aead,
    epoch::{ControlKey, EpochSecret},
    kdf,
};

/// What a back-link carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkClass {
    /// The older control key, under the newer control key: everybody reads all control.
    Control,
    /// The older secret, under the newer secret: only where the charter opens history.
    Secret,
}

impl LinkClass {
    /// The class byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Control => 0,
            Self::Secret => 1,
        }
    }
}

/// Wraps the control key of `old` under that of `new`: class 0.
pub fn link_control(new: &EpochSecret, old: &EpochSecret) -> EpochLink {
    wrap(
        &wrap_key(new.control_key().expose()),
        &new.id(),
        &old.id(),
        LinkClass::Control,
        old.control_key().expose(),
    )
}

/// Wraps the secret of `old` under that of `new`: class 1.
pub fn link_secret(new: &EpochSecret, old: &EpochSecret) -> EpochLink {
    wrap(
        &wrap_key(new.expose()),
        &new.id(),
        &old.id(),
        LinkClass::Secret,
        old.expose(),
    )
}

/// Follows a class 0 link of the epoch `new_id`; `None` if it does not open.
pub fn follow_control(
    new_key: &ControlKey,
    new_id: &EpochId,
    link: &EpochLink,
) -> Option<ControlKey> {
    let key = unwrap(
        &wrap_key(new_key.expose()),
        new_id,
        link,
        LinkClass::Control,
    )?;
    Some(ControlKey::from_bytes(*key))
}

/// Follows a class 1 link of the epoch `new`; `None` if it does not give the secret of the
/// epoch that it names.
pub fn follow_secret(new: &EpochSecret, link: &EpochLink) -> Option<EpochSecret> {
    let key = unwrap(&wrap_key(new.expose()), &new.id(), link, LinkClass::Secret)?;
    let secret = EpochSecret::from_bytes(*key);
    (secret.id() == link.key_id).then_some(secret)
}

fn wrap_key(from: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    kdf::derive("folkmoot/1 epoch wrap", &[from])
}

fn wrap(
    key: &[u8; 32],
    new_id: &EpochId,
    old_id: &EpochId,
    class: LinkClass,
    secret: &[u8; 32],
) -> EpochLink {
    let sealed = aead::seal(
        key,
        &nonce(old_id, class),
        &aad(new_id, old_id, class),
        secret,
    );
    let mut wrap = [0; 48];
    // 32 bytes and a tag of 16 are 48.
    wrap.copy_from_slice(&sealed);
    EpochLink {
        key_id: *old_id,
        class: class.byte(),
        wrap,
    }
}

fn unwrap(
    key: &[u8; 32],
    new_id: &EpochId,
    link: &EpochLink,
    class: LinkClass,
) -> Option<Zeroizing<[u8; 32]>> {
    if link.class != class.byte() {
        return None;
    }
    let plain = aead::open(
        key,
        &nonce(&link.key_id, class),
        &aad(new_id, &link.key_id, class),
        &link.wrap,
    )
    .ok()?;
    Some(Zeroizing::new(plain.as_slice().try_into().ok()?))
}

/// `B3(old key_id || class)[0..24]`.
fn nonce(old_id: &EpochId, class: LinkClass) -> [u8; 24] {
    let joined = [old_id.as_bytes().as_slice(), &[class.byte()]].concat();
    kdf::cut(&hash::plain(&joined))
}

fn aad(new_id: &EpochId, old_id: &EpochId, class: LinkClass) -> Vec<u8> {
    [
        b"folkmoot/1 wrap\0".as_slice(),
        new_id.as_bytes(),
        old_id.as_bytes(),
        &[class.byte()],
    ]
    .concat()
}
