//! Where a node's socket lies.
//!
//! A home can lie on a file system without sockets, and its path can be longer than a socket's
//! may be. So the node prefers the person's runtime folder, and leaves a link at
//! `<home>/node.sock` in every case. A client follows the link: it needs no environment to agree
//! with the node's, which differs under `cron`, `sudo` or a service manager.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Longest path a Unix socket can have on Linux: 108 bytes with the closing zero.
pub const MAX_SOCKET_PATH: usize = 107;

/// Name inside the home folder of the socket, or of the link to it.
pub const LINK_NAME: &str = "node.sock";

/// Which folder a node puts its socket in; the folder must be the person's own, mode 0700.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketDir {
    /// `$XDG_RUNTIME_DIR/folkmoot` or, where the home's path is too long, one in the folder for
    /// temporary files; `<home>/node.sock` becomes a link.
    Outside(PathBuf),
    /// The home folder itself.
    Home,
}

/// Where a node on `home` listens, given the runtime folder (`$XDG_RUNTIME_DIR`), if there is one,
/// and the folder for temporary files.
#[must_use]
pub fn socket_path(home: &Path, runtime: Option<OsString>, temp: &Path) -> (SocketDir, PathBuf) {
    let name = format!("{}.sock", home_hash(home));
    let runtime = runtime
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("folkmoot"));
    if let Some(dir) = runtime {
        let path = dir.join(&name);
        if fits(&path) {
            return (SocketDir::Outside(dir), path);
        }
    }
    let inside = home.join(LINK_NAME);
    if fits(&inside) {
        return (SocketDir::Home, inside);
    }
    let uid = rustix::process::getuid().as_raw();
    let dir = temp.join(format!("folkmoot-{uid}"));
    let path = dir.join(name);
    (SocketDir::Outside(dir), path)
}

/// Where the node on `home` listens, if one has left its mark there.
///
/// # Errors
/// Where the home folder cannot be read.
pub fn find_socket(home: &Path) -> io::Result<Option<PathBuf>> {
    let mark = home.join(LINK_NAME);
    match fs::read_link(&mark) {
        Ok(target) => Ok(Some(target)),
        // Not a link: the socket itself.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(Some(mark)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= MAX_SOCKET_PATH
}

/// 16 hexadecimal digits that tell homes apart; two homes of one person do not collide by chance.
fn home_hash(home: &Path) -> String {
    let mut hex = blake3::hash(home.as_os_str().as_bytes())
        .to_hex()
        .to_string();
    hex.truncate(16);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_folder_is_preferred() {
        let (dir, path) = socket_path(
            Path::new("/home/ana/.local/share/folkmoot"),
            Some("/run/user/1000".into()),
            Path::new("/tmp"),
        );
        assert_eq!(dir, SocketDir::Outside("/run/user/1000/folkmoot".into()));
        assert_eq!(path.parent(), Some(Path::new("/run/user/1000/folkmoot")));
        let (_, other) = socket_path(
            Path::new("/srv/b"),
            Some("/run/user/1000".into()),
            Path::new("/tmp"),
        );
        assert_ne!(path, other);
    }

    #[test]
    fn without_a_runtime_folder_the_socket_lies_in_the_home() {
        for runtime in [
            None,
            Some(OsString::from("")),
            Some(OsString::from("relative")),
        ] {
            let (dir, path) = socket_path(Path::new("/srv/home"), runtime, Path::new("/tmp"));
            assert_eq!(dir, SocketDir::Home);
            assert_eq!(path, Path::new("/srv/home/node.sock"));
        }
    }

    #[test]
    fn every_path_can_be_bound_however_long_the_home_is() {
        let deep = PathBuf::from(format!("/{}", "a/".repeat(200)));
        let long_runtime = OsString::from(format!("/{}", "r".repeat(120)));
        for runtime in [None, Some(long_runtime)] {
            let (dir, path) = socket_path(&deep, runtime, Path::new("/tmp"));
            assert!(matches!(dir, SocketDir::Outside(_)));
            assert!(path.as_os_str().len() <= MAX_SOCKET_PATH);
        }
    }

    #[test]
    fn the_mark_in_the_home_is_followed() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(find_socket(home.path()).unwrap(), None);
        assert_eq!(find_socket(&home.path().join("missing")).unwrap(), None);
        let mark = home.path().join(LINK_NAME);
        std::os::unix::fs::symlink("/run/x.sock", &mark).unwrap();
        assert_eq!(
            find_socket(home.path()).unwrap(),
            Some("/run/x.sock".into())
        );
        fs::remove_file(&mark).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(&mark).unwrap();
        assert_eq!(find_socket(home.path()).unwrap(), Some(mark));
    }
}
