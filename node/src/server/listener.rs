//! The socket: where it lies, who may connect, how it goes away.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use axum::serve::Listener;
use folkmoot_client::{LINK_NAME, SocketDir, socket_path};
use tokio::net::{UnixListener, UnixStream, unix::SocketAddr};

use crate::Home;

/// The node's socket; its file and the mark in the home go away with it.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    mark: PathBuf,
}

impl Socket {
    /// Binds the socket of this home. The caller holds the home's lock, so what lies there already
    /// was left by a process that died.
    pub(crate) fn bind(home: &Home) -> io::Result<(Self, OwnerOnly)> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR");
        let mark = home.folder().join(LINK_NAME);
        let (dir, path) = socket_path(home.folder(), runtime, &std::env::temp_dir());
        let (dir, path) = match dir {
            // A runtime folder that is named but not there, as under `su`, is no reason to fail.
            SocketDir::Outside(outside) => match private_dir(&outside) {
                Ok(()) => (SocketDir::Outside(outside), path),
                Err(_) => socket_path(home.folder(), None, &std::env::temp_dir()),
            },
            SocketDir::Home => (dir, path),
        };
        if let SocketDir::Outside(outside) = &dir {
            private_dir(outside)?;
        }
        clear(&path)?;
        clear(&mark)?;
        // Between bind and chmod the folder's mode 0700 keeps others out.
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        if path != mark {
            std::os::unix::fs::symlink(&path, &mark)?;
        }
        let uid = rustix::process::geteuid().as_raw();
        Ok((Self { path, mark }, OwnerOnly { listener, uid }))
    }

    /// Where the socket lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        for path in [&self.mark, &self.path] {
            if let Err(error) = clear(path) {
                tracing::warn!(path = %path.display(), %error, "the socket's file stays behind");
            }
        }
    }
}

/// Makes a folder of mode 0700, or sees that the one there is ours and such.
fn private_dir(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(dir)?;
    let ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
    if !ours {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{} belongs to somebody else", dir.display()),
        ));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Accepts connections of the node's own user only; the system names the peer.
pub(crate) struct OwnerOnly {
    listener: UnixListener,
    uid: u32,
}

impl Listener for OwnerOnly {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, addr) = Listener::accept(&mut self.listener).await;
            match stream.peer_cred() {
                Ok(peer) if peer.uid() == self.uid => return (stream, addr),
                Ok(peer) => tracing::warn!(uid = peer.uid(), "another user was turned away"),
                Err(error) => tracing::warn!(%error, "a caller without a name was turned away"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_private_and_goes_away() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::locate(Some(dir.path().into()), None).unwrap();
        let mark = home.folder().join(LINK_NAME);
        // What a killed node leaves behind does not disturb.
        fs::write(&mark, "").unwrap();
        let (socket, mut listener) = Socket::bind(&home).unwrap();
        let mode = fs::metadata(socket.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let found = folkmoot_client::find_socket(home.folder())
            .unwrap()
            .unwrap();
        assert_eq!(found, socket.path());
        let (stream, accepted) = tokio::join!(UnixStream::connect(&found), listener.accept());
        drop((stream.unwrap(), accepted));
        // A caller of another user is dropped without an answer.
        listener.uid = listener.uid.wrapping_add(1);
        let stream = UnixStream::connect(&found).await.unwrap();
        let turned_away = tokio::select! {
            _ = listener.accept() => false,
            ready = stream.readable() => ready.is_ok(),
        };
        assert!(turned_away);
        let path = socket.path().to_owned();
        drop(socket);
        assert!(!path.exists() && fs::symlink_metadata(&mark).is_err());
    }
}
