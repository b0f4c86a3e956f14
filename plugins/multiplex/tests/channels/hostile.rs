//! Peers that break rules.

use plimsoll::CloseCode;
use plimsoll_multiplex::Multiplex;

use crate::ground::wire_to;

#[tokio::test(start_paused = true)]
async fn a_peer_that_breaks_the_protocol_loses_its_connection_alone() {
    for packet in [
        "",
        "t",
        "t1",
        "t:",
        "tx:",
        "t-1:",
        "t4294967296:",
        "?1:x",
        "o1:{}",
        "o1:null",
        "o1:[",
        "o2:{\"name\":\"even\",\"window\":1}",
        "a1:{\"window\":1}",
        "t1:never opened",
        "e7:",
        "c1:1",
        "x1:1000,",
        "b1:%%%",
        "__proto__",
        "null",
    ] {
        let (wire, mut server) = wire_to(Multiplex::own());
        wire.send(packet).await.unwrap();
        assert!(server.accept().await.is_none(), "{packet}");
        assert_eq!(wire.sender().closed().await.code, CloseCode::PROTOCOL, "{packet}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_more_than_was_granted_loses_its_connection() {
    let (wire, mut server) = wire_to(Multiplex::own().window(1000));
    wire.send(r#"o1:{"name":"news","window":1000}"#).await.unwrap();
    let mut socket = server.accept().await.unwrap().accept().unwrap();
    for _ in 0..100 {
        let _ = wire.send(format!("t1:{}", "x".repeat(10_000))).await;
    }
    assert_eq!(wire.sender().closed().await.code, CloseCode::PROTOCOL);
    while let Some(Ok(_)) = socket.recv().await {}
    assert!(socket.sender().close_reason().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_kills_the_originals_harms_nobody() {
    for (multiplex, hostile, open) in [
        (
            Multiplex::primus_multiplex(),
            &[
                "null",
                "0",
                "[]",
                "{}",
                "[1]",
                "[1,\"i\"]",
                "[9,\"i\",\"news\"]",
                "[1,1,1]",
                "[1,\"i\",\"__proto__\"]",
                "[0,\"toString\",\"news\",\"x\"]",
                "[1,\"i\",null]",
                "[2,\"i\",\"never\"]",
                "[0,\"i\",\"news\",1,2,3]",
                "[[[[[[",
                "\"primus::x\"",
                "",
            ][..],
            "[1,\"me\",\"news\"]",
        ),
        (
            Multiplex::substream(),
            &[
                "null",
                "[]",
                "{}",
                "{\"substream\":null}",
                "{\"substream\":{},\"args\":1}",
                "{\"substream\":\"__proto__\",\"args\":\"substream::end\"}",
                "{\"args\":1}",
                "",
            ][..],
            "{\"substream\":\"news\",\"args\":0}",
        ),
        (
            Multiplex::websocket_multiplex(),
            &[
                "",
                "msg",
                "msg,",
                "msg,toString,x",
                "uns,__proto__",
                "sub",
                "sub,%",
                "sub,%u",
                "sub,%uD800",
                "x,y,z",
                ",,,",
                "msg,news,before it is open",
            ][..],
            "sub,news",
        ),
    ] {
        let (wire, mut server) = wire_to(multiplex);
        for message in hostile {
            wire.send(*message).await.unwrap();
        }
        wire.send(open).await.unwrap();
        loop {
            let incoming = server.accept().await.expect("the connection lives");
            if incoming.name() == "news" {
                break;
            }
        }
    }
}
