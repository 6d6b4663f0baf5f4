//! `moot link --fetch-title` against a real server with TLS, on this machine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Output},
    sync::Arc,
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::{ServerConfig, ServerConnection, Stream, pki_types::PrivateKeyDer};

/// A server for `localhost` that gives one caller a page; the certificate of who vouches for it.
fn serving(body: &'static str) -> (SocketAddr, String) {
    let root_key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::new([]).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = root.self_signed(&root_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let own = own.signed_by(&key, &root, &root_key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![own.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = Stream::new(&mut connection, &mut socket);
        let mut request = Vec::new();
        let mut byte = [0];
        // Whoever does not trust the certificate hangs up before.
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => request.push(byte[0]),
                _ => return,
            }
        }
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let (Ok(()) | Err(_)) = stream.write_all(answer.as_bytes());
        connection.send_close_notify();
        let (Ok(_) | Err(_)) = connection.complete_io(&mut socket);
    });
    (address, root.pem())
}

fn link(folder: &Path, url: &str, roots: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moot"));
    for (name, _) in std::env::vars_os() {
        // Nothing is to stand between this program and the server.
        if name
            .to_string_lossy()
            .to_ascii_lowercase()
            .ends_with("_proxy")
        {
            command.env_remove(name);
        }
    }
    command
        .args(["link", url, "--fetch-title", "--json"])
        .env("MOOT_HOME", folder.join("home"))
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR")
        .env_remove("MOOT_PASSPHRASE_FILE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_title_is_fetched_from_a_server_that_the_system_trusts() {
    let folder = tempfile::tempdir().unwrap();
    let (address, root) = serving("<title>M&uuml;ller &amp; S&ouml;hne</title>");
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, root).unwrap();
    let url = format!("https://localhost:{}/page", address.port());
    let output = link(folder.path(), &url, &roots);
    assert!(output.status.success(), "{output:?}");
    let shown = Command::new(env!("CARGO_BIN_EXE_moot"))
        .args(["show", "Müller & Söhne"])
        .env("MOOT_HOME", folder.path().join("home"))
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains(&url), "{text}");
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (address, _) = serving("<title>false</title>");
    let (_, other) = serving("<title>other</title>");
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, other).unwrap();
    let url = format!("https://localhost:{}/page", address.port());
    let output = link(folder.path(), &url, &roots);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("certificate") && told.contains("--title"),
        "{told}"
    );
}
