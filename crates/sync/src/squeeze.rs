//! Frame `[9]`: one zstd frame that holds one other frame (section 7.6).

use std::io::Read;

use folkmoot_record::fc::{Decoder, Encoder};

use crate::{fault::Fault, limits};

/// Level 3 packs repeating headers well at several hundred megabytes a second.
const LEVEL: i32 = 3;
/// Windows above 4 MiB are refused: they would reserve more memory than a frame may hold.
const WINDOW_LOG: u32 = 22;
const NUMBER: u64 = 9;

/// Packs a frame where that makes it smaller.
pub(crate) fn squeeze(frame: Vec<u8>) -> Vec<u8> {
    if frame.len() < limits::SQUEEZE_FROM {
        return frame;
    }
    match zstd::bulk::compress(&frame, LEVEL) {
        Ok(packed) if packed.len() + 16 < frame.len() => {
            let mut e = Encoder::with_capacity(packed.len() + 8);
            e.array(2).uint(NUMBER).bytes(&packed);
            e.finish()
        }
        // Not smaller, or no memory for the work space: the frame itself is as good.
        Ok(_) | Err(_) => frame,
    }
}

/// The frame inside, if this is a `[9]`; `None` where it is another frame.
pub(crate) fn unsqueeze(frame: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    // [9, ...] starts with these two bytes and no other frame does.
    if frame.first() != Some(&0x82) || frame.get(1) != Some(&0x09) {
        return Ok(None);
    }
    let mut d = Decoder::new(frame)?;
    d.array_of(2)?;
    d.uint_within(NUMBER..=NUMBER)?;
    let packed = d.bytes()?;
    d.end()?;
    unpack(packed).map(Some)
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Fault> {
    let bad = |_| Fault::Malformed("a compressed frame that does not unpack");
    let mut reader = zstd::stream::read::Decoder::with_buffer(packed)
        .map_err(bad)?
        .single_frame();
    reader.window_log_max(WINDOW_LOG).map_err(bad)?;
    let mut frame = Vec::new();
    // One byte more than allowed is read at most, whatever the frame claims.
    reader
        .by_ref()
        .take(limits::UNSQUEEZED as u64 + 1)
        .read_to_end(&mut frame)
        .map_err(bad)?;
    if frame.len() > limits::UNSQUEEZED {
        return Err(Fault::TooLarge("a compressed frame"));
    }
    if !reader.finish().is_empty() {
        return Err(Fault::Malformed("bytes after a compressed frame"));
    }
    if frame.get(1) == Some(&0x09) && frame.first() == Some(&0x82) {
        return Err(Fault::Malformed("a compressed frame inside another"));
    }
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(frame: &[u8]) -> Vec<u8> {
        let packed = zstd::bulk::compress(frame, LEVEL).unwrap();
        let mut e = Encoder::new();
        e.array(2).uint(NUMBER).bytes(packed);
        e.finish()
    }

    #[test]
    fn packs_and_unpacks() {
        let frame = vec![7; 100_000];
        let small = squeeze(frame.clone());
        assert!(small.len() < 200);
        assert_eq!(unsqueeze(&small).unwrap(), Some(frame));
    }

    #[test]
    fn random_and_small_frames_stay_as_they_are() {
        let mut dice = crate::dice::Dice::new(&[1; 32]);
        let noise = dice.bytes::<4_096>().to_vec();
        assert_eq!(squeeze(noise.clone()), noise);
        assert_eq!(squeeze(vec![7; 100]), vec![7; 100]);
        assert_eq!(unsqueeze(&[0x81, 0x05]).unwrap(), None);
    }

    #[test]
    fn the_bound_holds_to_the_byte() {
        let most = vec![0; limits::UNSQUEEZED];
        assert_eq!(unsqueeze(&packed(&most)).unwrap(), Some(most));
        let more = vec![0; limits::UNSQUEEZED + 1];
        assert!(matches!(unsqueeze(&packed(&more)), Err(Fault::TooLarge(_))));
        // A bomb of a gigabyte in 32 KiB costs no more than the bound.
        let bomb = packed(&vec![0; 1 << 30]);
        assert!(bomb.len() < 64 << 10);
        assert!(matches!(unsqueeze(&bomb), Err(Fault::TooLarge(_))));
    }

    #[test]
    fn nested_trailing_and_torn_frames_are_refused() {
        let inner = packed(&[0x81, 0x05]);
        assert!(unsqueeze(&packed(&inner)).is_err());
        let mut two = zstd::bulk::compress(&[1; 9], LEVEL).unwrap();
        two.extend(zstd::bulk::compress(&[2; 9], LEVEL).unwrap());
        assert!(unpack(&two).is_err());
        let whole = zstd::bulk::compress(&[1; 900], LEVEL).unwrap();
        assert!(unpack(&whole[..whole.len() - 1]).is_err());
    }
}
