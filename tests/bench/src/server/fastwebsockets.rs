//! fastwebsockets, as its documentation shows it: upgraded by hyper, one write per frame.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{
    FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError,
    WebSocketWrite,
};
use futures::future::{Either, select};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::TcpListener;

use super::BROADCAST;
use super::fan_out::{FanOut, Outbox};

pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    let room = Arc::new(FanOut::new());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let room = Arc::clone(&room);
        let service = service_fn(move |request| accept(request, Arc::clone(&room)));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection.with_upgrades());
    }
}

async fn accept(
    mut request: Request<Incoming>,
    room: Arc<FanOut<Bytes>>,
) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let subscribes = request.uri().path() == BROADCAST;
    let (response, upgraded) = upgrade(&mut request)?;
    if subscribes {
        tokio::spawn(subscriber(upgraded, room));
    } else {
        tokio::spawn(echo(upgraded));
    }
    Ok(response)
}

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

async fn subscriber(upgraded: UpgradeFut, room: Arc<FanOut<Bytes>>) -> Result<(), WebSocketError> {
    let (read, write) = upgraded.await?.split(tokio::io::split);
    let outbox = room.join();
    // Reading must not be dropped in the middle of a frame, so the two run side by side.
    let receiving = std::pin::pin!(receive(FragmentCollectorRead::new(read), &room));
    let sending = std::pin::pin!(send(write, &outbox));
    let result = match select(receiving, sending).await {
        Either::Left((result, _)) | Either::Right((result, _)) => result,
    };
    room.leave(&outbox);
    result
}

async fn receive(
    mut read: FragmentCollectorRead<ReadHalf<TokioIo<Upgraded>>>,
    room: &FanOut<Bytes>,
) -> Result<(), WebSocketError> {
    loop {
        // Pongs and the answer to a close would go here; the load sends nothing that needs them.
        let frame = read.read_frame(&mut |_| async { Ok::<_, Infallible>(()) }).await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text if frame.payload.first() == Some(&b'B') => {
                room.publish(&Bytes::copy_from_slice(&frame.payload));
            }
            _ => {}
        }
    }
}

async fn send(
    mut write: WebSocketWrite<WriteHalf<TokioIo<Upgraded>>>,
    outbox: &Outbox<Bytes>,
) -> Result<(), WebSocketError> {
    let mut batch = VecDeque::new();
    loop {
        poll_fn(|cx| outbox.poll_take(cx, &mut batch)).await;
        for message in batch.drain(..) {
            write.write_frame(Frame::text(Payload::Borrowed(&message))).await?;
        }
    }
}
