//! The examples of RFC 8949, appendix A, by the rules of FC.

use folkmoot_record::fc::{FcError, Value, check};

const FC: &str = "
    00 01 0a 17 1818 1819 1864 1903e8 1a000f4240 1b000000e8d4a51000 1bffffffffffffffff
    f4 f5 f6 40 4401020304 60 6161 6449455446 62225c 62c3bc 63e6b0b4 64f0908591
    80 83010203 8301820203820405 98190102030405060708090a0b0c0d0e0f101112131415161718181819
    a0 a201020304";

const FOREIGN: &str = "
    c249010000000000000000 3bffffffffffffffff c349010000000000000000 20 29 3863 3903e7
    f90000 f98000 f93c00 fb3ff199999999999a f93e00 f97bff fa47c35000 fa7f7fffff
    fb7e37e43c8800759c f90001 f90400 f9c400 fbc010666666666666 f97c00 f97e00 f9fc00
    fa7f800000 fa7fc00000 faff800000 fb7ff0000000000000 fb7ff8000000000000 fbfff0000000000000
    f7 f0 f8ff c074323031332d30332d32315432303a30343a30305a c11a514b67b0 c1fb41d452d9ec200000
    d74401020304 d818456449455446 d82076687474703a2f2f7777772e6578616d706c652e636f6d
    a26161016162820203 826161a161626163 a56161614161626142616361436164614461656145";

const INDEFINITE: &str = "
    5f42010243030405ff 7f657374726561646d696e67ff 9fff 9f018202039f0405ffff 9f01820203820405ff
    83018202039f0405ff 83019f0203ff820405
    9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff bf61610161629f0203ffff
    826161bf61626163ff bf6346756ef563416d7421ff";

fn each(list: &str, mut look: impl FnMut(&[u8])) -> usize {
    let items: Vec<_> = list.split_whitespace().collect();
    for item in &items {
        look(&hex::decode(item).unwrap());
    }
    items.len()
}

#[test]
fn every_example_has_its_class() {
    let good = each(FC, |bytes| {
        assert_eq!(check(bytes), Ok(()), "{bytes:02x?}");
        let value = Value::decode(bytes).unwrap();
        assert_eq!(value.encode(), bytes);
    });
    let foreign = each(FOREIGN, |bytes| {
        assert_eq!(check(bytes), Err(FcError::Type), "{bytes:02x?}");
    });
    let indefinite = each(INDEFINITE, |bytes| {
        assert_eq!(check(bytes), Err(FcError::NotCanonical), "{bytes:02x?}");
    });
    assert_eq!((good, foreign, indefinite), (29, 41, 11));
}

#[test]
fn every_prefix_of_an_example_is_malformed() {
    for list in [FC, FOREIGN, INDEFINITE] {
        each(list, |bytes| {
            for end in 0..bytes.len() {
                assert_eq!(
                    check(&bytes[..end]),
                    Err(FcError::Malformed),
                    "{bytes:02x?} to {end}"
                );
            }
            let longer = [bytes, &[0]].concat();
            assert_eq!(check(&longer), Err(FcError::Malformed), "{longer:02x?}");
        });
    }
}

/// The first class in the order of section 1.3 counts, wherever it stands.
#[test]
fn the_worst_class_is_named() {
    let cases = [
        ("82201800", FcError::NotCanonical),
        ("82180020", FcError::NotCanonical),
        ("8320180062c328", FcError::Malformed),
        ("83201800ff", FcError::Malformed),
        ("8220f4", FcError::Type),
        ("a2616200616100", FcError::NotCanonical),
        ("a2616100616200", FcError::Type),
        ("a2616100616100", FcError::NotCanonical),
        ("a2410000616100", FcError::Type),
        ("a2616100410000", FcError::NotCanonical),
    ];
    for (item, class) in cases {
        assert_eq!(check(&hex::decode(item).unwrap()), Err(class), "{item}");
    }
}

#[test]
fn eight_may_be_open_and_no_more() {
    let nested = |open: &str, levels: usize, inner: &str| {
        check(&hex::decode(open.repeat(levels) + inner).unwrap())
    };
    assert_eq!(nested("81", 8, "00"), Ok(()));
    assert_eq!(nested("81", 7, "80"), Ok(()));
    assert_eq!(nested("81", 8, "80"), Err(FcError::Malformed));
    assert_eq!(nested("81", 8, "4100"), Ok(()));
    assert_eq!(nested("a100", 8, "00"), Ok(()));
    assert_eq!(nested("a100", 8, "a0"), Err(FcError::Malformed));
    assert_eq!(nested("c0", 8, "00"), Err(FcError::Type));
    assert_eq!(nested("c0", 9, "00"), Err(FcError::Malformed));
    assert_eq!(
        nested("9f", 8, &("00".to_owned() + &"ff".repeat(8))),
        Err(FcError::NotCanonical)
    );
    assert_eq!(
        nested("9f", 9, &("00".to_owned() + &"ff".repeat(9))),
        Err(FcError::Malformed)
    );
    // A whole megabyte of openings ends at the ninth, not in a deep recursion.
    assert_eq!(check(&vec![0x81; 1 << 20]), Err(FcError::Malformed));
}
