//! Recovery phrase and seats: BIP-39 English vectors of 256 bits, and our own bytes.

use folkmoot_record::CollectiveId;
use folkmoot_seal::{Master, WordsError};
use proptest::prelude::*;

/// Entropy and words, from the published vectors of BIP-39 (Trezor list, English).
const VECTORS: [(&str, &str); 8] = [
    (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon art",
    ),
    (
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "legal winner thank year wave sausage worth useful legal winner thank year wave sausage \
         worth useful legal winner thank year wave sausage worth title",
    ),
    (
        "8080808080808080808080808080808080808080808080808080808080808080",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount \
         doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless",
    ),
    (
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo \
         zoo vote",
    ),
    (
        "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
        "hamster diagram private dutch cause delay private meat slide toddler razor book happy \
         fancy gospel tennis maple dilemma loan word shrug inflict delay length",
    ),
    (
        "9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863",
        "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich alcohol \
         speed nation flash devote level hobby quick inner drive ghost inside",
    ),
    (
        "066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad",
        "all hour make first leader extend hole alien behind guard gospel lava path output census \
         museum junior mass reopen famous sing advance salt reform",
    ),
    (
        "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush open \
         amazing screen patrol group space point ten exist slush involve unfold",
    ),
];

#[test]
fn published_phrases_hold_both_ways() {
    for (entropy, words) in VECTORS {
        let entropy: [u8; 32] = hex::decode(entropy).unwrap().try_into().unwrap();
        assert_eq!(*Master::from_bytes(entropy).words(), words);
        assert_eq!(Master::from_words(words).unwrap().expose(), &entropy);
    }
}

#[test]
fn case_and_white_space_are_forgiven() {
    let words = VECTORS[4].1;
    let typed = format!("\n  {}\t ", words.to_uppercase().replace(' ', "  \r\n"));
    assert_eq!(
        Master::from_words(&typed).unwrap(),
        Master::from_words(words).unwrap()
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let words: Vec<&str> = VECTORS[4].1.split(' ').collect();
    assert_eq!(Master::from_words(""), Err(WordsError::Count(0)));
    assert_eq!(
        Master::from_words(&words[..23].join(" ")),
        Err(WordsError::Count(23))
    );
    assert_eq!(
        Master::from_words(&[&words[..], &["zoo"]].concat().join(" ")),
        Err(WordsError::Count(25))
    );
    let mut wrong = words.clone();
    wrong[2] = "privat";
    assert_eq!(
        Master::from_words(&wrong.join(" ")),
        Err(WordsError::Unknown(3))
    );
    let mut swapped = words.clone();
    swapped.swap(0, 1);
    assert_eq!(
        Master::from_words(&swapped.join(" ")),
        Err(WordsError::Checksum)
    );
    // A phrase of another length that is good in itself is still not ours.
    let twelve = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                  abandon about";
    assert_eq!(Master::from_words(twelve), Err(WordsError::Count(12)));
}

#[test]
fn a_hostile_salt_does_not_link_seats() {
    let master = Master::from_bytes([3; 32]);
    let cid = CollectiveId::from_bytes([0x5a; 32]);
    // Same 16 bytes on both sides: only the contexts differ.
    assert_ne!(
        master.founder_seat(&[0x5a; 16]).to_bytes(),
        master.seat(&cid).to_bytes()
    );
}

#[test]
fn debug_is_silent() {
    let master = Master::from_bytes([0xab; 32]);
    assert_eq!(format!("{master:?}"), "Master(..)");
}

proptest! {
    #[test]
    fn any_master_survives_its_words(entropy in any::<[u8; 32]>()) {
        let master = Master::from_bytes(entropy);
        prop_assert_eq!(Master::from_words(&master.words()).unwrap(), master);
    }

    #[test]
    fn another_word_anywhere_is_refused_or_another_person(
        entropy in any::<[u8; 32]>(), place in 0_usize..24, word in any::<[u8; 32]>(),
    ) {
        let master = Master::from_bytes(entropy);
        let text = master.words();
        let mut words: Vec<&str> = text.split(' ').collect();
        let other = Master::from_bytes(word).words();
        let replacement = other.split(' ').next().unwrap();
        prop_assume!(words[place] != replacement);
        words[place] = replacement;
        match Master::from_words(&words.join(" ")) {
            Err(error) => prop_assert_eq!(error, WordsError::Checksum),
            Ok(read) => prop_assert_ne!(read, master),
        }
    }
}
