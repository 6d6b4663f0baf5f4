//! Records that no honest program makes, with the keys of a real home.

use folkmoot_record::{
    Draft, Hlc, Kind, Place, RecordId, Signed, Verified, content::Content, fc::Value,
};
use folkmoot_store::Entry;
use folkmoot_tests::home::Home;

use crate::traitor::{Keys, vault};

/// A note by a device, dated right after the last one that it wrote before it was removed.
pub(crate) fn backdated(home: &Home, cid: &str, after: &str) -> Verified {
    let keys = Keys::of(home.folder(), cid);
    let mut vault = vault(home.folder());
    let read = |id: &RecordId| {
        let wire = vault.get(id).unwrap().unwrap().wire;
        Signed::parse(&wire).unwrap().verify().unwrap()
    };
    let early = read(&after.parse().unwrap());
    // Beside what he wrote honestly, as a branch of his log, dated right behind what Ana has.
    let record = Draft {
        cid: Some(keys.cid),
        seat: keys.seat,
        place: Place {
            seq: early.header().seq + 1,
            prev: Some(early.id()),
        },
        hlc: Hlc::next(early.header().hlc.ms(), [early.header().hlc]),
        kind: Kind::NOTE,
        cap: early.header().cap,
        auth: early.header().auth.clone(),
        refs: Vec::new(),
        tags: Vec::new(),
        body: Content::new([9; 16])
            .with(0, Value::Text("applecart of an old clock".to_owned()))
            .encode(),
    }
    .sign(&keys.device)
    .unwrap();
    vault
        .commit(&[Entry::Record(record.clone(), record.header().ms())])
        .unwrap();
    vault.close().unwrap();
    record
}
