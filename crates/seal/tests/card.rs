//! Recovery cards: what is printed is read again, and damage is named.

use folkmoot_record::CollectiveId;
use folkmoot_seal::{
    Card, CardError, CardLink, LinkError, Master, WordsError,
    card::{MOST_BYTES, MOST_COLLECTIVES},
};
use proptest::prelude::*;

fn link(number: u8) -> CardLink {
    CardLink {
        home: number == 0,
        cid: CollectiveId::from_bytes([number; 32]),
        salt: number.is_multiple_of(2).then_some([number; 16]),
        addresses: vec![b"\x04\x7f\x00\x00\x01\x06\x10\xe1".to_vec(); usize::from(number % 5)],
    }
}

fn card(collectives: u8) -> Card {
    Card {
        master: Master::from_bytes([7; 32]),
        collectives: (0..collectives).map(link).collect(),
    }
}

fn any_card() -> impl Strategy<Value = Card> {
    let address = proptest::collection::vec(any::<u8>(), 0..60);
    let link = (
        any::<bool>(),
        any::<[u8; 32]>(),
        any::<Option<[u8; 16]>>(),
        proptest::collection::vec(address, 0..=8),
    )
        .prop_map(|(home, cid, salt, addresses)| CardLink {
            home,
            cid: CollectiveId::from_bytes(cid),
            salt,
            addresses,
        });
    (any::<[u8; 32]>(), proptest::collection::vec(link, 0..6)).prop_map(|(master, mut links)| {
        links.sort_by_key(|link| link.cid);
        links.dedup_by_key(|link| link.cid);
        Card {
            master: Master::from_bytes(master),
            collectives: links,
        }
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(card in any_card(), width in 4_usize..90, upper in any::<bool>()) {
        for text in [card.to_text(&["made\nto be read"], &["home\u{1b}[2J"]), card.to_line()] {
            prop_assert_eq!(&Card::parse(&text).unwrap(), &card);
            // Typed again in other lines, without remarks, in capitals, and with more blanks.
            let plain: Vec<&str> = text.lines().map(|l| l.split('#').next().unwrap()).collect();
            let tokens = plain.join(" ");
            let mut typed = String::new();
            for token in tokens.split_whitespace() {
                typed.push_str(token);
                typed.push_str(if typed.len() % width < 7 { "\r\n  " } else { " " });
            }
            if upper {
                typed.make_ascii_uppercase();
            }
            prop_assert_eq!(&Card::parse(&typed).unwrap(), &card);
        }
    }

    #[test]
    fn a_card_cut_anywhere_is_never_taken_for_a_whole_one(card in any_card(), at in any::<prop::sample::Index>()) {
        let text = card.to_text(&[], &[]);
        let mut cut = at.index(text.trim_end().len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        prop_assert!(Card::parse(&text[..cut]).is_err());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,400}") {
        if let Ok(card) = Card::parse(&text) {
            prop_assert_eq!(Card::parse(&card.to_line()), Ok(card));
        }
    }
}

#[test]
fn the_words_alone_are_a_card_without_collectives() {
    let words = card(0).master.words();
    assert_eq!(Card::parse(&words).unwrap(), card(0));
    let numbered: String = words
        .split(' ')
        .enumerate()
        .map(|(n, word)| format!("{}. {word}\n", n + 1))
        .collect();
    assert_eq!(Card::parse(&numbered).unwrap(), card(0));
    let short = words.rsplit_once(' ').unwrap().0;
    assert_eq!(
        Card::parse(short),
        Err(CardError::Words(WordsError::Count(23)))
    );
    assert!(matches!(Card::parse(""), Err(CardError::Words(_))));
}

#[test]
fn damage_is_named() {
    let text = card(3).to_text(&[], &["home", "garden", "orchard"]);
    assert!(text.contains("collective: # orchard"), "{}", *text);
    let cut = text.replace("end:", "");
    assert_eq!(Card::parse(&cut), Err(CardError::Truncated));
    let later = text.replacen("card 1", "card 2", 1);
    assert_eq!(Card::parse(&later), Err(CardError::Version));
    let unmarked = text.replacen("words:", "", 1);
    assert_eq!(Card::parse(&unmarked), Err(CardError::NoWords));

    // One letter of the second collective.
    let third = card(3).to_line();
    let letters = link(1).to_text();
    let (before, last) = letters.split_at(letters.len() - 1);
    let other = if last == "a" { "b" } else { "a" };
    let wrong = third.replace(&*letters, &format!("{before}{other}"));
    let place = |text: &str| match Card::parse(text) {
        Err(CardError::Collective { place, error }) => (place, error),
        other => panic!("{other:?}"),
    };
    assert_eq!(place(&wrong), (2, LinkError::Mistyped));
    let gone = third.replace(&*letters, &letters[..letters.len() - 20]);
    assert_eq!(place(&gone), (2, LinkError::Truncated));
    let twice = third.replace(" end:", &format!(" collective: {} end:", &*letters));
    assert_eq!(Card::parse(&twice), Err(CardError::Twice(4)));

    // A wrong word, and two that changed places.
    let words = card(3).master.words();
    let swapped = text.replacen(" 1 ", " 1 zebra", 1);
    assert!(matches!(
        Card::parse(&swapped),
        Err(CardError::Words(
            WordsError::Count(_) | WordsError::Unknown(_)
        ))
    ));
    assert!(words.split(' ').count() == 24);
}

#[test]
fn cards_are_bounded() {
    let whole = card(MOST_COLLECTIVES as u8);
    assert_eq!(Card::parse(&whole.to_text(&[], &[])).unwrap(), whole);
    let more = card(MOST_COLLECTIVES as u8 + 1);
    // What is written ends in time; what is read says why not.
    assert_eq!(Card::parse(&more.to_text(&[], &[])).unwrap(), whole);
    let line = whole.to_line();
    let extra = link(MOST_COLLECTIVES as u8).to_text();
    let grown = line.replace(" end:", &format!(" collective: {} end:", &*extra));
    assert_eq!(Card::parse(&grown), Err(CardError::TooMany));
    assert_eq!(
        Card::parse(&"x".repeat(MOST_BYTES + 1)),
        Err(CardError::TooLong)
    );
}

#[test]
fn the_bytes_of_a_card_are_these() {
    // The vector of docs/protocol/keys.md.
    let card = Card {
        master: Master::from_bytes([0; 32]),
        collectives: vec![CardLink {
            home: true,
            cid: CollectiveId::from_bytes([0x11; 32]),
            salt: Some([0x55; 16]),
            addresses: vec![b"\x04\x7f\x00\x00\x01\x06\x10\xe1".to_vec()],
        }],
    };
    let line = card.to_line();
    let link = line
        .split_once("folkmoot:c1:")
        .unwrap()
        .1
        .strip_suffix(" end:")
        .unwrap();
    assert_eq!(link, VECTOR);
}

const VECTOR: &str = "qt2vqiarceirceirceirceirceirceirceirceirceirceirceirceircfifkvkvkvkvkvkvkvkvkvkvkvkvlakiar7qaaabayiodi4gik3q";
