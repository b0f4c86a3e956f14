//! A peer whose system answers for it although it does nothing itself any more.

use std::env;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use plimsoll::{Endpoint, Error, ErrorKind, Socket};
use plimsoll_heartbeat::Heartbeat;
use plimsoll_tcp::Options;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use crate::server::{Server, dialer};

#[tokio::test]
async fn a_stopped_process_is_noticed_by_a_heartbeat() {
    let (sender, mut received) = mpsc::unbounded_channel::<Option<Error>>();
    let handler = move |mut socket: Socket| {
        let sender = sender.clone();
        async move {
            while let Some(message) = socket.recv().await {
                sender.send(message.err()).unwrap();
            }
        }
    };
    let heartbeat = Heartbeat::every(Duration::from_secs(2));
    let endpoint = Endpoint::builder().plugin(heartbeat).handle(handler).unwrap();
    let server = Server::tcp(&endpoint, Options::default()).await;
    let peer = OtherProcess::start(&server.url);
    assert!(received.recv().await.unwrap().is_none());

    kill_process(peer.pid(), Signal::STOP).unwrap();
    let error = received.recv().await.unwrap().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

/// Not a test: what the other process runs.
#[tokio::test]
#[ignore = "is started by the test above"]
async fn other_process() {
    let Ok(url) = env::var(URL) else { return };
    let mut socket = dialer().connect(url).await.unwrap();
    socket.send("started").await.unwrap();
    while let Some(Ok(_)) = socket.recv().await {}
}

struct OtherProcess(Child);

impl OtherProcess {
    fn start(url: &str) -> Self {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--ignored", "stopped_peer::other_process"])
            .env(URL, url)
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }
}

impl Drop for OtherProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const URL: &str = "PLIMSOLL_TEST_URL";
