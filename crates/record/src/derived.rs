//! Ids of what a genesis or a proposal makes without a record of its own (section 3.3).

use crate::{CollectiveId, GrantId, RecordId, RevocationId, hash};

const GRANT_ID: &str = "folkmoot/1 grant id";
const EFFECT_ID: &str = "folkmoot/1 effect id";

/// Id of the grant of founder `k`, the index in the genesis body's list.
pub fn grant_id_of_founder(cid: CollectiveId, k: u32) -> GrantId {
    GrantId::from_bytes(hash::derive(GRANT_ID, &[cid.as_ref(), &k.to_be_bytes()]))
}

/// Id of the grant that effect `k` of `proposal` makes; `k` counts effects of all types.
pub fn grant_id_of_effect(proposal: RecordId, k: u32) -> GrantId {
    let parts: [&[u8]; 2] = [proposal.as_ref(), &k.to_be_bytes()];
    GrantId::from_bytes(hash::derive(GRANT_ID, &parts))
}

/// Id of the revocation that effect `k` of `proposal` is; `k` counts effects of all types.
pub fn effect_id(proposal: RecordId, k: u32) -> RevocationId {
    let parts: [&[u8]; 2] = [proposal.as_ref(), &k.to_be_bytes()];
    RevocationId::from_bytes(hash::derive(EFFECT_ID, &parts))
}
