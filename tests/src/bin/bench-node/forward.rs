//! A forwarder between two nodes that counts bytes, and that can be shut.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

/// How often the accepting thread looks whether it shall end.
const LOOK: Duration = Duration::from_millis(5);
/// Bytes passed on at once.
const PIECE: usize = 64 << 10;

/// Passes TCP connections on to one address.
#[derive(Debug)]
pub(crate) struct Forwarder {
    /// Where it listens.
    here: SocketAddr,
    bytes: Arc<AtomicU64>,
    /// Set while it is open; taking it away ends the accepting thread.
    open: Option<Arc<AtomicBool>>,
}

impl Forwarder {
    /// Opens on a free port.
    pub(crate) fn new(to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut forwarder = Self {
            here: listener.local_addr()?,
            bytes: Arc::default(),
            open: None,
        };
        forwarder.serve(listener, to)?;
        Ok(forwarder)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.here.port()
    }

    /// Bytes passed on since they were asked for last, both ways together.
    pub(crate) fn take_bytes(&self) -> u64 {
        self.bytes.swap(0, Ordering::Relaxed)
    }

    /// Refuses connections from now on. Those there are end with their nodes.
    pub(crate) fn shut(&mut self) {
        if let Some(open) = self.open.take() {
            open.store(false, Ordering::Relaxed);
            // The thread sees it and closes the socket.
            thread::sleep(LOOK * 4);
        }
    }

    /// Opens again on the same port.
    pub(crate) fn open(&mut self, to: SocketAddr) -> Result<()> {
        let listener = TcpListener::bind(self.here).context("the forwarder's port")?;
        self.serve(listener, to)
    }

    fn serve(&mut self, listener: TcpListener, to: SocketAddr) -> Result<()> {
        listener.set_nonblocking(true)?;
        let open = Arc::new(AtomicBool::new(true));
        self.open = Some(Arc::clone(&open));
        let bytes = Arc::clone(&self.bytes);
        thread::spawn(move || {
            while open.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => connect(&stream, to, &bytes),
                    Err(_) => thread::sleep(LOOK),
                }
            }
        });
        Ok(())
    }
}

fn connect(near: &TcpStream, to: SocketAddr, bytes: &Arc<AtomicU64>) {
    let Ok(far) = TcpStream::connect(to) else {
        return;
    };
    let set = || -> std::io::Result<()> {
        near.set_nonblocking(false)?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        pass(near.try_clone()?, far.try_clone()?, Arc::clone(bytes));
        pass(far.try_clone()?, near.try_clone()?, Arc::clone(bytes));
        Ok(())
    };
    if let Err(error) = set() {
        eprintln!("  the forwarder lost a connection: {error}");
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, bytes: Arc<AtomicU64>) {
    thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        while let Ok(taken @ 1..) = from.read(&mut piece) {
            bytes.fetch_add(taken as u64, Ordering::Relaxed);
            if to.write_all(&piece[..taken]).is_err() {
                break;
            }
        }
        // The other side may be gone already.
        drop(to.shutdown(Shutdown::Write));
        drop(from.shutdown(Shutdown::Read));
    });
}
