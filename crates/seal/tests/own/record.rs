//! The record of the fixed vectors.

/// The record of section 10.3: 416 bytes.
pub(crate) fn record() -> Vec<u8> {
    let bhash = "a1d822da43e8e18e7c62476a66f006a3925a63d1a2f6d0cb43de21c0d223eeab";
    let header = [
        "8f015820",
        &"11".repeat(32),
        "58208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
        "58208139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394",
        "075820",
        &"44".repeat(32),
        "1b01a3185c500000031901005820",
        &"22".repeat(32),
        "815820",
        &"33".repeat(32),
        "8182025820",
        &"66".repeat(32),
        "816667617264656e182a5820",
        bhash,
        "f6",
    ]
    .concat();
    let sig = "3edff15553f422cab8f4c76cfc6daaa784e84ada0c8f351552328ecb28609e28\
               62358bfb7d42b571a19ea3a17412f079f9ccedab4fd8add15092ef99dae8eb0c";
    let body = "55555555555555555555555555555555\
                a2006b48656c6c6f2c206d6f6f74016a746578742f706c61696e";
    hex::decode(["83", "59012e", &header, "5840", sig, "582a", body].concat()).unwrap()
}
