//! The fuzz target over seeds and fixed mutations of them, so that it does not rot.

#![allow(clippy::expect_used, reason = "helpers of tests fail by panicking")]

#[path = "targets/decoders.rs"]
mod decoders;
#[path = "../../record/tests/suite/hammer.rs"]
mod hammer;

#[test]
fn query_target_holds() {
    let seeds = [
        "",
        "seed swap \"first frost\" -hail",
        "(apple OR pear) AND NOT (quince OR med*) sort:newest",
        "tag:garden/beds tag:garden* kind:note|document author:me author:@ada",
        "since:2026-03-01 until:yesterday created:2026-03..2026-05 since:last monday",
        "in:\"the allotment\" links:https://example.org/a has:attachment is:edited",
        "created:2w before:\"3 days ago\" after:2026-W10 sort:oldest",
        "“well-known” ärger ß 苹果 \\\" author:\"a \\\" b\"",
        "((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))",
        "- -- OR AND ( ) \" : tag: sort:sideways kind:nosuch autor:me",
    ];
    hammer::hammer(&seeds.map(|seed| seed.as_bytes().to_vec()), decoders::query);
}
