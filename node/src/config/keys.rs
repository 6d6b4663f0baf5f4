//! What can be set, in words.

/// A key of `config.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Its default, as written in the file.
    pub default: &'static str,
    /// What it does: lines for the file.
    pub about: &'static [&'static str],
}

/// All keys, in the order of the file.
pub const KEYS: &[Key] = &[
    Key {
        name: "port",
        default: "7473",
        about: &[
            "Port for TCP and for UDP (QUIC). 0 takes any free one.",
            "Where the default is taken, the node picks a free port and says so;",
            "a port set here must be free.",
        ],
    },
    Key {
        name: "listen",
        default: "[]",
        about: &[
            "Multiaddrs to listen on, in place of all interfaces on `port`, such as",
            "[\"/ip4/192.0.2.7/udp/7473/quic-v1\", \"/ip4/192.0.2.7/tcp/7473\"].",
        ],
    },
    Key {
        name: "lan",
        default: "\"off\"",
        about: &[
            "\"on\": find members on the local network, and be found there (mDNS).",
            "Everybody on that network can then see that a node runs here.",
        ],
    },
    Key {
        name: "recovery",
        default: "\"on\"",
        about: &[
            "\"on\": help members of your collectives who lost all their devices and come back",
            "by their words. Only who holds the root of a member's seat is answered.",
        ],
    },
    Key {
        name: "log",
        default: "\"warn\"",
        about: &[
            "What the node writes to standard error: error, warn, info, debug, trace,",
            "or a filter such as \"info,libp2p=warn\".",
        ],
    },
];
