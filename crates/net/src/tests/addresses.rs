use folkmoot_sync::Path;
use libp2p::{Multiaddr, PeerId};

use crate::{
    NetError,
    addr::{path_of, peer_of, with_peer, without_peer},
    addr_of, default_listen, is_private, multiaddr_of, parse_addr, parse_peer, show_addr,
    show_peer,
};

fn addr(text: &str) -> Multiaddr {
    text.parse().unwrap()
}

#[test]
fn private_addresses_are_told_from_public_ones() {
    let private = [
        "/ip4/127.0.0.1/tcp/1",
        "/ip4/10.1.2.3/tcp/1",
        "/ip4/172.16.0.1/tcp/1",
        "/ip4/172.31.255.255/tcp/1",
        "/ip4/192.168.1.1/udp/1/quic-v1",
        "/ip4/169.254.7.7/tcp/1",
        "/ip4/100.64.0.1/tcp/1",
        "/ip4/100.127.255.255/tcp/1",
        "/ip4/0.0.0.0/tcp/1",
        "/ip4/224.0.0.251/tcp/1",
        "/ip4/255.255.255.255/tcp/1",
        "/ip6/::1/tcp/1",
        "/ip6/::/tcp/1",
        "/ip6/fd00::1/tcp/1",
        "/ip6/fe80::1/tcp/1",
        "/ip6/::ffff:192.168.0.1/tcp/1",
        "/dns4/localhost/tcp/1",
        "/dns/printer.local/tcp/1",
        "/dns4/nas/tcp/1",
        "/ip4/192.168.1.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit",
    ];
    for text in private {
        assert!(is_private(&addr(text)), "{text}");
    }
    let public = [
        "/ip4/9.9.9.9/tcp/1",
        "/ip4/172.32.0.1/tcp/1",
        "/ip4/172.15.0.1/tcp/1",
        "/ip4/100.63.0.1/tcp/1",
        "/ip4/100.128.0.1/tcp/1",
        "/ip6/2a00:1450::1/udp/1/quic-v1",
        "/ip6/::ffff:9.9.9.9/tcp/1",
        "/dns4/example.org/tcp/1",
    ];
    for text in public {
        assert!(!is_private(&addr(text)), "{text}");
    }
}

#[test]
fn paths_are_named_by_the_remote_address() {
    let relay = "/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit";
    assert_eq!(path_of(&addr("/ip4/127.0.0.1/tcp/1")), Path::Loopback);
    assert_eq!(path_of(&addr("/ip6/::1/udp/1/quic-v1")), Path::Loopback);
    assert_eq!(path_of(&addr("/ip4/192.168.3.4/tcp/1")), Path::Lan);
    assert_eq!(path_of(&addr("/ip6/fe80::1/tcp/1")), Path::Lan);
    assert_eq!(path_of(&addr("/ip4/9.9.9.9/tcp/1")), Path::Direct);
    assert_eq!(path_of(&addr("/dns4/example.org/tcp/1")), Path::Direct);
    assert_eq!(
        path_of(&addr(&format!("/ip4/127.0.0.1/tcp/1{relay}"))),
        Path::Relayed
    );
}

#[test]
fn text_bytes_and_types_agree() {
    let text = "/ip4/192.0.2.7/udp/4001/quic-v1";
    let parsed = parse_addr(text).unwrap();
    assert_eq!(show_addr(&parsed), text);
    assert_eq!(multiaddr_of(&parsed), Some(addr(text)));
    for bad in [
        "192.0.2.7:4001",
        "/ip4/192.0.2.7",
        "/ip4/192.0.2.7/tcp/65536",
        "",
    ] {
        assert!(
            matches!(parse_addr(bad), Err(NetError::BadAddr { .. })),
            "{bad}"
        );
    }
    assert!(matches!(
        parse_peer("nobody"),
        Err(NetError::BadPeer { .. })
    ));
    let id = PeerId::random();
    assert_eq!(parse_peer(&id.to_string()).unwrap(), peer_of(id));
    assert_eq!(show_peer(&peer_of(id)), id.to_string());
    let named = with_peer(addr(text), id);
    assert_eq!(with_peer(named.clone(), id), named);
    assert_eq!(addr_of(&without_peer(named)), parsed);
}

#[test]
fn the_usual_listeners_are_quic_and_tcp_on_both_families() {
    let listen: Vec<String> = default_listen(4001)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        listen,
        [
            "/ip4/0.0.0.0/udp/4001/quic-v1",
            "/ip4/0.0.0.0/tcp/4001",
            "/ip6/::/udp/4001/quic-v1",
            "/ip6/::/tcp/4001",
        ]
    );
}
