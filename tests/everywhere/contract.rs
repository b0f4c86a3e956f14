//! What plugins make of a connection keeps the contract of the transport below.

use plimsoll::{BoxDuplex, Capabilities, Info, Plugin};
use plimsoll_conformance::Kit;
use plimsoll_heartbeat::Heartbeat;
use plimsoll_limit::RateLimit;
use plimsoll_memory::{Options, pair};
use plimsoll_rooms::Rooms;
use plimsoll_trace::Trace;

#[tokio::test(start_paused = true)]
async fn what_plugins_make_of_a_connection_keeps_the_contract() {
    let plugins: [Box<dyn Plugin>; 4] = [
        Box::new(Trace::new()),
        Box::new(RateLimit::new().messages(1e6, 1_000_000).control(1e6, 1_000_000)),
        Box::new(Heartbeat::default()),
        Box::new(Rooms::new()),
    ];
    let make_pair = async || {
        let (client, server) = pair(Options::default()).unwrap();
        (wrap(&plugins, client), wrap(&plugins, server))
    };
    Kit::new().buffer_bound(512 * 1024).check(make_pair).await;
}

fn wrap(plugins: &[Box<dyn Plugin>], io: BoxDuplex) -> BoxDuplex {
    let mut info = Info::new("memory", Capabilities::FULL, "mem://here".parse().unwrap());
    plugins.iter().fold(io, |io, plugin| plugin.wrap(io, &mut info))
}
