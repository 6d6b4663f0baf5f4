//! When a copy was made last: `moot status` tells its age.

use folkmoot_api::{ApiError, CopyView, Reply};
use folkmoot_record::fc::{Decoder, Encoder, FcError};
use folkmoot_store::Entry;

use crate::{
    core::Core,
    errors::{store_failed, usage},
    membership::invite::moment,
};

/// Local fact: when and where.
const MADE: &[u8] = b"copy-made";
/// Most bytes of a place: a path of usual length, several times over.
const PLACE: usize = 2_048;

impl Core {
    pub(crate) fn copy_made(&mut self, place: &str) -> Result<Reply, ApiError> {
        if place.len() > PLACE {
            return Err(usage(format!("a place has at most {PLACE} bytes")));
        }
        let mut out = Encoder::new();
        out.array(2).uint(self.clock.wall()).text(place);
        let fact = Entry::Local {
            key: MADE.to_vec(),
            value: Some(out.finish()),
        };
        self.store.commit(&[fact]).map_err(store_failed)?;
        Ok(Reply::Done("noted".to_owned()))
    }

    /// # Errors
    /// Where what was noted cannot be read, in words: then nobody knows, which is not "none".
    pub(crate) fn last_copy(&self) -> Result<Option<CopyView>, String> {
        let Some(value) = self.store.local(MADE).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let (made_ms, place) = read(&value).map_err(|error| error.to_string())?;
        Ok(Some(CopyView {
            made: moment(made_ms),
            place,
        }))
    }
}

fn read(value: &[u8]) -> Result<(u64, String), FcError> {
    let mut d = Decoder::new(value)?;
    d.array_of(2)?;
    let made = (d.uint64()?, d.text(PLACE)?.to_owned());
    d.end()?;
    Ok(made)
}
