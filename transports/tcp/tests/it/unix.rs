//! Sockets that are files.

use std::fs;
use std::os::unix::net;

use plimsoll::{Endpoint, ErrorKind, Info, Socket};
use plimsoll_tcp::{Unix, UnixPeer};
use tokio::sync::mpsc;

use crate::server::{Server, dialer};

#[tokio::test]
async fn the_peer_is_known_by_its_user_and_process() {
    let (seen, mut infos) = mpsc::unbounded_channel::<Info>();
    let endpoint = Endpoint::builder()
        .handle(move |socket: Socket| {
            seen.send(socket.info().clone()).unwrap();
            async {}
        })
        .unwrap();
    let server = Server::unix(&endpoint);
    let _socket = dialer().connect(&server.url).await.unwrap();
    let info = infos.recv().await.unwrap();
    let peer: &UnixPeer = info.get().unwrap();
    assert_eq!(peer.uid, rustix::process::getuid().as_raw());
    assert_eq!(peer.gid, rustix::process::getgid().as_raw());
    if cfg!(target_os = "linux") {
        assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
    }
    assert_eq!(info.peer().unwrap().to_string(), peer.to_string());
}

#[tokio::test]
async fn a_socket_that_nobody_listens_at_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stale.sock");
    drop(net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let listener = Unix::new().bind(&path).unwrap();
    assert_eq!(listener.path(), path);
    net::UnixStream::connect(&path).unwrap();
}

#[tokio::test]
async fn a_socket_that_somebody_listens_at_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken.sock");
    let first = net::UnixListener::bind(&path).unwrap();
    assert_eq!(Unix::new().bind(&path).unwrap_err().kind(), ErrorKind::Io);
    net::UnixStream::connect(&path).unwrap();
    drop(first);
}

#[tokio::test]
async fn a_busy_listener_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("busy.sock");
    let _listener = Unix::new().bind(&path).unwrap();
    let address = socket2::SockAddr::unix(&path).unwrap();
    let mut waiting = Vec::new();
    loop {
        let socket =
            socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let connected = socket.connect(&address);
        waiting.push(socket);
        if connected.is_err() {
            break;
        }
    }
    assert_eq!(Unix::new().bind(&path).unwrap_err().kind(), ErrorKind::Io);
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_that_is_not_a_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "keep").unwrap();
    assert_eq!(Unix::new().bind(&path).unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(fs::read_to_string(&path).unwrap(), "keep");
}

#[tokio::test]
async fn a_dropped_listener_removes_its_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.sock");
    drop(Unix::new().bind(&path).unwrap());
    assert!(!path.exists());
}

#[tokio::test]
async fn a_dropped_listener_leaves_the_socket_of_its_successor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handed-over.sock");
    let first = Unix::new().bind(&path).unwrap();
    // Kept under another name, so that the successor cannot get the same inode.
    fs::rename(&path, folder.path().join("old.sock")).unwrap();
    let _second = Unix::new().bind(&path).unwrap();
    drop(first);
    net::UnixStream::connect(&path).unwrap();
}
