//! The title of a page of the web, fetched only where the person asks for it.

mod title;

use std::{io::Read, sync::Arc, time::Duration};

use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

use crate::error::CliError;

/// The longest that the whole of it may take.
const TIME: Duration = Duration::from_secs(10);
/// Bytes of a page that are read: a title stands near the beginning.
const MOST_BYTES: u64 = 256 * 1024;
/// Redirects that are followed.
const MOST_REDIRECTS: u32 = 5;
/// Bytes of headers that an answer may have.
const MOST_HEADERS: usize = 32 * 1024;

/// Asks the server of an address for the page, and reads its title; `None` where it has none.
///
/// Private addresses are asked like others: the person named this one, on this machine.
///
/// # Errors
/// Where it is no address of the web, the server does not answer, or what it answers is no page.
pub(crate) fn title_of(url: &str) -> Result<Option<String>, CliError> {
    if !["http://", "https://"]
        .iter()
        .any(|scheme| begins(url, scheme))
    {
        return Err(CliError::usage(format!("{url} is no address of a page"))
            .hint("an address begins with https:// or http://"));
    }
    let refused = |error: &dyn std::fmt::Display| {
        CliError::failed(format!("the page could not be fetched: {error}"))
            .hint("give the title yourself: moot link URL --title \"…\"")
    };
    let agent = agent();
    let request = agent
        .get(url)
        .header("Accept", "text/html, application/xhtml+xml");
    let mut answer = request.call().map_err(|error| refused(&error))?;
    let kind = answer.body().mime_type().unwrap_or("text/html").to_owned();
    if !matches!(kind.as_str(), "text/html" | "application/xhtml+xml") {
        return Err(refused(&format!("it is no page but {kind}")));
    }
    let charset = answer.body().charset().map(str::to_owned);
    let mut bytes = Vec::new();
    let reader = answer.body_mut().as_reader();
    let read = reader.take(MOST_BYTES).read_to_end(&mut bytes);
    match title::title(&bytes, charset.as_deref()) {
        None => read.map(|_| None).map_err(|error| refused(&error)),
        // What came before the connection broke is enough.
        title => Ok(title),
    }
}

fn begins(url: &str, scheme: &str) -> bool {
    let start = url.get(..scheme.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn agent() -> Agent {
    // The authorities that the person's own system trusts.
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots = roots
        .iter()
        .map(|cert| Certificate::from_der(cert).to_owned());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    Agent::config_builder()
        .timeout_global(Some(TIME))
        .max_redirects(MOST_REDIRECTS)
        .max_response_header_size(MOST_HEADERS)
        // Which program asks is nobody's business.
        .user_agent("Mozilla/5.0")
        .tls_config(tls)
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{SocketAddr, TcpListener},
        thread,
    };

    use super::*;

    /// A server on this machine that gives each caller in turn one of these answers.
    fn serving(answers: Vec<Vec<u8>>) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    request.push(byte[0]);
                }
                // Whoever has enough hangs up.
                let (Ok(()) | Err(_)) = stream.write_all(&answer);
            }
        });
        address
    }

    fn page(head: &str, body: &[u8]) -> Vec<u8> {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    fn html(body: &[u8]) -> Vec<u8> {
        page("200 OK\r\nContent-Type: text/html; charset=utf-8", body)
    }

    fn fetched(answers: Vec<Vec<u8>>) -> Result<Option<String>, CliError> {
        title_of(&format!("http://{}/page", serving(answers)))
    }

    #[test]
    fn a_title_is_fetched() {
        let title = fetched(vec![html("<title>Hot &amp; h\u{f6}t</title>".as_bytes())]);
        assert_eq!(title.unwrap().as_deref(), Some("Hot & h\u{f6}t"));
        let latin = page(
            "200 OK\r\nContent-Type: text/html; charset=iso-8859-1",
            b"<title>h\xf6t</title>",
        );
        assert_eq!(fetched(vec![latin]).unwrap().as_deref(), Some("h\u{f6}t"));
        assert_eq!(fetched(vec![html(b"<p>none</p>")]).unwrap(), None);
    }

    #[test]
    fn redirects_are_followed_but_not_for_ever() {
        let hop = || page("302 Found\r\nLocation: /next", b"");
        let mut answers = vec![hop(), hop()];
        answers.push(html(b"<title>there</title>"));
        assert_eq!(fetched(answers).unwrap().as_deref(), Some("there"));
        assert!(fetched((0..8).map(|_| hop()).collect()).is_err());
    }

    #[test]
    fn what_is_too_long_is_read_only_so_far() {
        let mut long = b"<title>early</title>".to_vec();
        long.resize(4 << 20, b' ');
        assert_eq!(
            fetched(vec![html(&long)]).unwrap().as_deref(),
            Some("early")
        );
        let mut late = vec![b' '; 300 * 1024];
        late.extend_from_slice(b"<title>late</title>");
        assert_eq!(fetched(vec![html(&late)]).unwrap(), None);
        // It promises more than it sends: the title was among what came.
        let cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<title>cut</title>";
        assert_eq!(fetched(vec![cut.to_vec()]).unwrap().as_deref(), Some("cut"));
    }

    #[test]
    fn what_is_no_page_is_told() {
        assert!(
            fetched(vec![page(
                "404 Not Found\r\nContent-Type: text/html",
                b"<title>no</title>"
            )])
            .is_err()
        );
        assert!(
            fetched(vec![page(
                "200 OK\r\nContent-Type: image/png",
                b"<title>no</title>"
            )])
            .is_err()
        );
        assert!(fetched(vec![b"SSH-2.0-server\r\n".to_vec()]).is_err());
        for url in [
            "ftp://example.org",
            "example.org",
            "file:///etc/passwd",
            "http:/é",
        ] {
            assert!(title_of(url).is_err(), "{url}");
        }
    }
}
