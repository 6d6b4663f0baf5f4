//! Members who cost others something are named in `status`, whatever it was, and cost little.

use super::*;

/// How long an attack goes on that nobody ends: what it brings is valid, or cannot be judged.
const SHORT: Duration = Duration::from_secs(6);
/// Notes of a flood: above the 2,000 that the charter of a new collective lets a device write in a day.
const NOTES: usize = 2_200;

/// Waits until `status` names this seat for this; gives the count. People read it too.
pub(super) fn named(home: &Home, what: &str, seat: &str) -> u64 {
    let mut count = 0;
    until(Duration::from_secs(60), &format!("{what} is named"), || {
        let status = home.ok(&["status"]);
        let eye = status["eye"].as_array().unwrap();
        let mut found = eye
            .iter()
            .filter(|one| one["what"] == what && one["seat"] == seat);
        let Some(one) = found.next() else {
            return false;
        };
        count = one["count"].as_u64().unwrap();
        let next = text(&one["next"]);
        assert!(
            next.contains("moot revoke") && next.contains(&seat[..8]),
            "{next}"
        );
        assert!(!text(&one["cost"]).is_empty() && one["collective"] == "commons");
        assert!(eye.len() <= 32);
        true
    });
    let said = home.run(&["status"]);
    assert!(said.out.contains("What needs your eye"), "{}", said.out);
    assert!(said.out.contains(&seat[..8]), "{}", said.out);
    count
}

/// Ana, and the keys of Ben, who writes; his own node is away.
fn founder_and_traitor() -> (Home, Home, Keys) {
    let (ana, mut ben) = pair(["ana", "ben"], "commons");
    let keys = keys_of(&mut ben);
    let status = ana.ok(&["status"]);
    assert_eq!(status["eye"], serde_json::json!([]));
    (ana, ben, keys)
}

fn bring(keys: &Keys, ana: &Home, records: &[Verified]) {
    let offers: Vec<Offer> = records
        .iter()
        .map(|record| offer(record, Scope::Content))
        .collect();
    let address = ana.addresses().first().cloned().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime.block_on(attack(keys, keys.transport, &offers, &address, SHORT));
    assert!(outcome.proven && outcome.given > 0, "{outcome:?}");
}

#[test]
fn a_member_who_floods_is_named() {
    let (mut ana, _ben, keys) = founder_and_traitor();
    let flood = Pen::new(&keys).log(keys.seat, &keys.device, NOTES);
    bring(&keys, &ana, &flood);
    let count = named(&ana, "flood", &keys.seat.to_string());
    assert_eq!(count, NOTES as u64 - 2_000);
    // What is above the quota is kept and not shown.
    assert_eq!(ana.count("intruding"), 2_000);
    assert!(ana.alive() && ana.memory() < MOST_MEMORY);
    // A new start does not forget it.
    assert_eq!(ana.stop(), 0);
    ana.up();
    assert_eq!(named(&ana, "flood", &keys.seat.to_string()), count);
}

#[test]
fn a_member_who_lies_on_time_is_named() {
    let (ana, _ben, keys) = founder_and_traitor();
    let mut pen = Pen::new(&keys);
    let tomorrow = pen.hlc.ms() + 86_400_000;
    pen.hlc = Hlc::next(tomorrow, []);
    let early = pen.log(keys.seat, &keys.device, 3);
    bring(&keys, &ana, &early);
    assert_eq!(named(&ana, "time", &keys.seat.to_string()), 3);
    assert_eq!(ana.count("intruding"), 0);
}

#[test]
fn a_member_who_forks_a_log_is_named_also_when_the_older_record_comes_later() {
    let (ana, _ben, keys) = founder_and_traitor();
    let mut pen = Pen::new(&keys);
    let first = Place { seq: 0, prev: None };
    let older = pen.note(keys.seat, &keys.device, first, "the older: plumtree");
    // It names the older one as the one before it, and stands five places further on.
    let apart = Place {
        seq: 5,
        prev: Some(older.id()),
    };
    let later = pen.note(keys.seat, &keys.device, apart, "out of place: quincetree");
    bring(&keys, &ana, std::slice::from_ref(&later));
    until(SHORT * 5, "the later one is shown", || {
        ana.count("quincetree") == 1
    });
    bring(&keys, &ana, &[older, later]);
    assert!(named(&ana, "fork", &keys.seat.to_string()) > 0);
    assert_eq!(ana.count("plumtree"), 1);
    assert_eq!(ana.count("quincetree"), 0);
}

#[test]
fn a_member_who_hides_heads_is_named() {
    let (ana, _ben, keys) = founder_and_traitor();
    let mut pen = Pen::new(&keys);
    // A control record that nobody else has seen, and never will.
    pen.head = RecordId::from_bytes(hash::plain(b"hidden"));
    let orphans = pen.log(keys.seat, &keys.device, 30);
    bring(&keys, &ana, &orphans);
    assert_eq!(named(&ana, "hidden", &keys.seat.to_string()), 30);
    assert_eq!(ana.count("intruding"), 0);
}
