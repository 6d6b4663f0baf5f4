//! What the machine itself can do: the limits that results are held against.

use std::{
    fs::File,
    hint::black_box,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use ed25519_dalek::{Signer, SigningKey};

use super::table::{Table, Times, ms, rate, whole};

/// Bytes signed: about what a note of 300 bytes has as a record.
const MESSAGE: usize = 480;
/// Signatures made and checked.
const SIGNATURES: usize = 10_000;
/// Appends that are made durable, and their size.
const APPENDS: usize = 100;
const APPEND: usize = 64 << 10;
/// Bytes sent over the loopback address.
const SENT: usize = 2 << 30;
const PIECE: usize = 256 << 10;

/// Limits of this run.
#[derive(Debug)]
pub struct Raw {
    /// Strict Ed25519 checks a second on one core.
    pub checks: f64,
    /// Ed25519 signatures a second on one core.
    pub signatures: f64,
    /// Median of 64 KiB appended and made durable.
    pub fdatasync: Duration,
    /// Bytes a second through one TCP connection.
    pub loopback: f64,
}

impl Raw {
    /// Rows for a table.
    pub fn rows(&self, table: &mut Table) {
        let core = "one core";
        table.row(
            "raw: strict Ed25519 checks",
            format!("{}/s", whole(self.checks)),
            "",
            core,
        );
        table.row(
            "raw: Ed25519 signatures",
            format!("{}/s", whole(self.signatures)),
            "",
            core,
        );
        table.row(
            "raw: append of 64 KiB, fdatasync",
            ms(self.fdatasync),
            "",
            format!("median of {APPENDS}"),
        );
        table.row(
            "raw: copy over loopback TCP",
            format!("{} MB/s", whole(self.loopback / 1e6)),
            "",
            "one connection, both ends here",
        );
    }
}

/// Measures them, one after the other.
///
/// # Errors
/// The system refuses a file or a socket.
pub fn measure(scratch: &Path) -> Result<Raw> {
    let (signatures, checks) = ed25519()?;
    Ok(Raw {
        checks,
        signatures,
        fdatasync: fdatasync(&scratch.join("append"))?,
        loopback: loopback()?,
    })
}

fn ed25519() -> Result<(f64, f64)> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut message = [0x5a; MESSAGE];
    let mut signed = Vec::with_capacity(SIGNATURES);
    let begun = Instant::now();
    for number in 0..SIGNATURES {
        message[..8].copy_from_slice(&(number as u64).to_be_bytes());
        signed.push((message, key.sign(&message)));
    }
    let signatures = rate(SIGNATURES, begun.elapsed());
    let public = key.verifying_key();
    let begun = Instant::now();
    for (message, signature) in &signed {
        public.verify_strict(black_box(message), signature)?;
    }
    Ok((signatures, rate(SIGNATURES, begun.elapsed())))
}

fn fdatasync(path: &Path) -> Result<Duration> {
    let mut file = File::create(path)?;
    let piece = vec![0xa5; APPEND];
    let mut times = Times::default();
    for _ in 0..APPENDS {
        let begun = Instant::now();
        file.write_all(&piece)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    Ok(times.median())
}

fn loopback() -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let sender = thread::spawn(move || -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        let piece = vec![0x3c; PIECE];
        for _ in 0..SENT / PIECE {
            stream.write_all(&piece)?;
        }
        Ok(())
    });
    let (mut stream, _) = listener.accept()?;
    let mut piece = vec![0; PIECE];
    let begun = Instant::now();
    let mut taken = 0;
    loop {
        match stream.read(&mut piece)? {
            0 => break,
            bytes => taken += bytes,
        }
    }
    let time = begun.elapsed();
    sender
        .join()
        .map_err(|_| anyhow::anyhow!("the sender panicked"))?
        .context("sending over loopback")?;
    Ok(rate(taken, time))
}
