//! Links: round trip, what is forgiven, what is refused and how.

use folkmoot_record::{CollectiveId, DeviceKey, GrantId, KemKey};
use folkmoot_seal::{
    InviteLink, InviteSeed, Link, LinkError, PairSecret, PairingLink, ShelfLink,
    link::{MAX_ADDRESS, MAX_ADDRESSES, MAX_CHARS},
};
use proptest::prelude::*;

fn invite() -> InviteLink {
    InviteLink {
        cid: CollectiveId::from_bytes([0x11; 32]),
        invite: GrantId::from_bytes([0x77; 32]),
        seed: InviteSeed::from_bytes([7; 20]),
        made_ms: 1_800_000_000_000,
        addresses: vec![b"\x04\x7f\x00\x00\x01\x06\x10\xe1".to_vec()],
    }
}

fn addresses() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let address = proptest::collection::vec(any::<u8>(), 0..80);
    proptest::collection::vec(address, 0..=MAX_ADDRESSES)
}

fn any_link() -> impl Strategy<Value = Link> {
    let invite = (
        any::<[u8; 32]>(),
        any::<[u8; 32]>(),
        any::<[u8; 20]>(),
        0_u64..1 << 53,
        addresses(),
    )
        .prop_map(|(cid, invite, seed, made_ms, addresses)| {
            Link::Invite(InviteLink {
                cid: CollectiveId::from_bytes(cid),
                invite: GrantId::from_bytes(invite),
                seed: InviteSeed::from_bytes(seed),
                made_ms,
                addresses,
            })
        });
    let pairing = (
        any::<[u8; 32]>(),
        any::<[u8; 32]>(),
        any::<[u8; 16]>(),
        addresses(),
    )
        .prop_map(|(dev, kem, secret, addresses)| {
            Link::Pairing(PairingLink {
                dev: DeviceKey::from_bytes(dev),
                kem: KemKey::from_bytes(kem),
                secret: PairSecret::from_bytes(secret),
                addresses,
            })
        });
    let shelf = (any::<[u8; 32]>(), addresses())
        .prop_map(|(shelf, addresses)| Link::Shelf(ShelfLink { shelf, addresses }));
    prop_oneof![invite, pairing, shelf]
}

/// The text of a link with any content under a right checksum.
fn forge(kind: &str, l: &[u8]) -> String {
    let mut bytes = l.to_vec();
    bytes.extend_from_slice(&blake3::hash(l).as_bytes()[..4]);
    let payload = data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase();
    format!("folkmoot:{kind}:{payload}")
}

#[test]
fn the_bytes_of_an_invite_link() {
    let l = [
        "85",
        "5820",
        &"11".repeat(32),
        "5820",
        &"77".repeat(32),
        "54",
        &"07".repeat(20),
        "1b000001a3185c5000",
        "8148",
        "047f0000010610e1",
    ]
    .concat();
    assert_eq!(*invite().to_text(), forge("1", &hex::decode(l).unwrap()));
}

#[test]
fn blanks_case_and_invisible_characters_are_forgiven() {
    let text = invite().to_text();
    let wrapped: String = text
        .chars()
        .enumerate()
        .flat_map(|(i, c)| {
            let blank = match i % 31 {
                0 => "\r\n  ",
                7 => " ",
                11 => "\u{200b}",
                13 => "\u{feff}",
                17 => "\u{a0}",
                _ => "",
            };
            blank.chars().chain([c])
        })
        .collect();
    for typed in [format!("  {}\n", *text), text.to_uppercase(), wrapped] {
        assert_eq!(InviteLink::parse(&typed), Ok(invite()), "{typed:?}");
    }
}

#[test]
fn the_wrong_kind_is_named() {
    let shelf = ShelfLink {
        shelf: [3; 32],
        addresses: Vec::new(),
    };
    let error = InviteLink::parse(&shelf.to_text()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this is a shelf link, but an invite is needed here"
    );
    let error = ShelfLink::parse(&invite().to_text()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this is an invite, but a shelf link is needed here"
    );
}

#[test]
fn what_is_no_link() {
    for text in [
        "",
        "hello",
        "https://example.org/1:aaaa",
        "folkmoo",
        "1:aaaa",
    ] {
        assert_eq!(InviteLink::parse(text), Err(LinkError::NotALink), "{text}");
    }
    assert_eq!(InviteLink::parse("folkmoot:"), Err(LinkError::Truncated));
    assert_eq!(InviteLink::parse("folkmoot:1"), Err(LinkError::Truncated));
    assert_eq!(InviteLink::parse("folkmoot:1:"), Err(LinkError::Truncated));
    assert_eq!(
        InviteLink::parse("folkmoot:9:aaaa"),
        Err(LinkError::UnknownType)
    );
    assert_eq!(
        InviteLink::parse(&"a".repeat(MAX_CHARS + 1)),
        Err(LinkError::TooLong)
    );
}

#[test]
fn a_foreign_character_is_shown_by_its_place() {
    let text = invite().to_text().replacen(":1:", ":1:0", 1);
    assert_eq!(InviteLink::parse(&text), Err(LinkError::Character(12)));
    let text = invite().to_text().replacen(":1:", ":1:é", 1);
    assert_eq!(InviteLink::parse(&text), Err(LinkError::Character(12)));
}

#[test]
fn every_cut_is_called_a_cut() {
    let text = invite().to_text();
    for end in SCHEME_AND_TYPE..text.len() {
        assert_eq!(
            InviteLink::parse(&text[..end]),
            Err(LinkError::Truncated),
            "cut at {end} of {}",
            text.len()
        );
    }
}

const SCHEME_AND_TYPE: usize = "folkmoot:1:".len();

#[test]
fn a_right_checksum_does_not_excuse_a_wrong_shape() {
    let head = [
        "85",
        "5820",
        &"11".repeat(32),
        "5820",
        &"77".repeat(32),
        "54",
        &"07".repeat(20),
    ];
    let head = head.concat();
    let cases = [
        ("ms not shortest", format!("{head}180180")),
        ("ms of 2^53", format!("{head}1b002000000000000080")),
        ("nine addresses", format!("{head}0189{}", "40".repeat(9))),
        (
            "address too long",
            format!("{head}01815902{:02x}{}", 1, "00".repeat(MAX_ADDRESS + 1)),
        ),
        ("trailing byte", format!("{head}018000")),
        ("four elements", format!("84{}01", &head[2..])),
        ("indefinite array", format!("{head}019fff")),
        (
            "short seed",
            format!("85{}{}{}0180", &head[2..138], "53", "07".repeat(19)),
        ),
    ];
    for (name, l) in cases {
        let text = forge("1", &hex::decode(l).unwrap());
        assert_eq!(
            InviteLink::parse(&text),
            Err(LinkError::Malformed),
            "{name}"
        );
    }
    // The same head with a right end is a link.
    let good = forge("1", &hex::decode(format!("{head}0180")).unwrap());
    assert_eq!(InviteLink::parse(&good).unwrap().made_ms, 1);
}

#[test]
fn addresses_out_of_bounds_are_left_out() {
    let mut link = invite();
    link.addresses = vec![vec![1; MAX_ADDRESS + 1]];
    link.addresses.extend((0..10).map(|n| vec![n; MAX_ADDRESS]));
    let read = InviteLink::parse(&link.to_text()).unwrap();
    assert_eq!(read.addresses, link.addresses[1..=MAX_ADDRESSES]);
}

#[test]
fn secrets_do_not_show() {
    let shown = format!("{:?}", invite());
    assert!(shown.contains("InviteSeed(..)"), "{shown}");
    assert!(!shown.contains("7, 7, 7"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_written_is_read(link in any_link()) {
        prop_assert_eq!(Link::parse(&link.to_text()), Ok(link));
    }

    #[test]
    fn any_changed_character_is_refused(
        link in any_link(), place in any::<prop::sample::Index>(), to in "[a-z2-7:01 A]",
    ) {
        let text = link.to_text();
        let place = place.index(text.len());
        let old = &text[place..=place];
        prop_assume!(!to.eq_ignore_ascii_case(old));
        let changed = format!("{}{to}{}", &text[..place], &text[place + 1..]);
        prop_assert!(Link::parse(&changed).is_err(), "{}", changed);
    }

    #[test]
    fn any_missing_doubled_or_swapped_character_is_refused(
        link in any_link(), place in any::<prop::sample::Index>(),
    ) {
        let text = link.to_text();
        let place = place.index(text.len() - 1);
        let missing = format!("{}{}", &text[..place], &text[place + 1..]);
        prop_assert!(Link::parse(&missing).is_err());
        let doubled = format!("{}{}", &text[..=place], &text[place..]);
        prop_assert!(Link::parse(&doubled).is_err());
        let (a, b) = (&text[place..=place], &text[place + 1..place + 2]);
        if a != b {
            let swapped = format!("{}{b}{a}{}", &text[..place], &text[place + 2..]);
            prop_assert!(Link::parse(&swapped).is_err());
        }
    }

    #[test]
    fn any_text_is_answered(text in ".{0,200}", payload in "[a-z2-7]{0,400}") {
        prop_assert!(Link::parse(&text).is_err());
        let random = format!("folkmoot:1:{payload}");
        prop_assert!(Link::parse(&random).is_err());
    }
}
