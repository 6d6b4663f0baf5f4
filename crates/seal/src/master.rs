//! The secret from which a person's seats are made, and its 24 words (section 6.1).

use bip39::{Language, Mnemonic};
use ed25519_dalek::SigningKey;
use folkmoot_record::CollectiveId;
use zeroize::{Zeroize, Zeroizing};

use crate::{disk::StoreKey, kdf, secret::secret_type, vault::NodeKey};

/// Words of a recovery phrase: 256 bits of entropy and 8 of checksum, 11 bits a word.
pub const WORDS: usize = 24;

secret_type!(
    /// 32 random bytes: the entropy of 24 BIP-39 English words, without passphrase or
    /// stretching. Whoever has it is the person.
    Master
);

/// Why a text is no recovery phrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not 24 words.
    #[error("a recovery phrase has {WORDS} words; this one has {0}")]
    Count(usize),
    /// A word that is not in the list. The word itself is not repeated: it may be secret.
    #[error("word {0} is not in the list of recovery words")]
    Unknown(usize),
    /// All words exist, but they do not belong together.
    #[error("the words do not fit together: one is wrong, or two are swapped")]
    Checksum,
}

impl Master {
    /// Reads 24 words. Upper case and any white space between the words are forgiven.
    ///
    /// # Errors
    /// Says what is wrong: the count, which word (from 1), or the checksum.
    pub fn from_words(text: &str) -> Result<Self, WordsError> {
        let mut plain = Zeroizing::new(String::with_capacity(text.len()));
        for (index, word) in text.split_whitespace().enumerate() {
            if index > 0 {
                plain.push(' ');
            }
            plain.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        }
        let count = plain.split(' ').filter(|word| !word.is_empty()).count();
        if count != WORDS {
            return Err(WordsError::Count(count));
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &plain).map_err(
            |error| match error {
                bip39::Error::UnknownWord(index) => WordsError::Unknown(index + 1),
                _ => WordsError::Checksum,
            },
        )?;
        let mnemonic = Zeroizing::new(mnemonic);
        let (mut entropy, _) = mnemonic.to_entropy_array();
        let master = Self::from_bytes(kdf::cut(&entropy));
        entropy.zeroize();
        Ok(master)
    }

    /// The 24 words, in lower case, one space between them.
    pub fn words(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(WORDS * 9));
        match Mnemonic::from_entropy_in(Language::English, self.expose()) {
            Ok(mnemonic) => {
                let mnemonic = Zeroizing::new(mnemonic);
                for (index, word) in mnemonic.words().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    out.push_str(word);
                }
            }
            // 32 bytes are a size that BIP-39 defines; only the size is checked.
            Err(_) => unreachable!("BIP-39 defines phrases of 32 bytes"),
        }
        out
    }

    /// The key under which a copy of the home seals what is secret (section 6.6): whoever has the
    /// words can open every copy.
    pub fn copy_key(&self) -> NodeKey {
        NodeKey::from_bytes(*kdf::derive("folkmoot/1 copy key", &[self.expose()]))
    }

    /// The key that seals records, local facts and the index on this person's disks (section 6.6):
    /// whoever has the words reads the records that were saved, also where the key folder is lost.
    pub fn store_key(&self) -> StoreKey {
        StoreKey::from_bytes(*kdf::derive("folkmoot/1 store key", &[self.expose()]))
    }

    /// Seat root of a genesis signer or founder, from the salt of the genesis.
    pub fn founder_seat(&self, salt: &[u8; 16]) -> SigningKey {
        SigningKey::from_bytes(&kdf::derive(
            "folkmoot/1 founder seat",
            &[self.expose(), salt],
        ))
    }

    /// Seat root in any collective that one joined.
    pub fn seat(&self, cid: &CollectiveId) -> SigningKey {
        let prefix: [u8; 16] = kdf::cut(cid.as_bytes());
        SigningKey::from_bytes(&kdf::derive("folkmoot/1 seat", &[self.expose(), &prefix]))
    }
}
