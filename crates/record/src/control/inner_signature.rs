//! Signatures inside bodies that the body and header alone can judge (section 2.5, `body-sig`).

use super::{Control, Genesis, Join};
use crate::{CollectiveId, DeviceKey, Header, KemKey, Reason, SeatKey, signature};
use ed25519_dalek::SigningKey;

/// Prefix of a founder's signature.
const FOUNDER: &str = "folkmoot/1 founder";
/// Prefix of a joining seat's signature.
const SEAT: &str = "folkmoot/1 seat";

impl Genesis {
    /// Signs `founder_sig` with the seat root of the founder who signs the genesis.
    pub fn sign_founder(
        seat: &SigningKey,
        salt: &[u8; 16],
        dev: DeviceKey,
        kem: KemKey,
    ) -> [u8; 64] {
        signature::sign(seat, FOUNDER, &[salt, dev.as_ref(), kem.as_ref()])
    }
}

impl Join {
    /// Signs `seat_sig` with the joining seat's root.
    pub fn sign_seat(
        seat: &SigningKey,
        cid: CollectiveId,
        dev: DeviceKey,
        kem: KemKey,
    ) -> [u8; 64] {
        signature::sign(seat, SEAT, &[cid.as_ref(), dev.as_ref(), kem.as_ref()])
    }
}

/// Checks `founder_sig` or `seat_sig`; the body is known to fit the header.
pub(crate) fn check(header: &Header, control: &Control) -> Result<(), Reason> {
    let holds = match control {
        Control::Genesis(genesis) => genesis
            .founders
            .iter()
            .find(|founder| founder.seat == header.seat)
            .is_some_and(|founder| {
                let data: [&[u8]; 3] = [&genesis.salt, founder.dev.as_ref(), founder.kem.as_ref()];
                by(founder.seat, FOUNDER, &data, &genesis.founder_sig)
            }),
        Control::Join(join) => header.cid.is_some_and(|cid| {
            let data = [cid.as_ref(), join.dev.as_ref(), join.kem.as_ref()];
            by(join.seat, SEAT, &data, &join.seat_sig)
        }),
        _ => true,
    };
    if holds { Ok(()) } else { Err(Reason::BodySig) }
}

fn by(seat: SeatKey, prefix: &str, data: &[&[u8]], sig: &[u8; 64]) -> bool {
    signature::verify(seat.as_bytes(), prefix, data, sig)
}
