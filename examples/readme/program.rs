use plimsoll::{Dialer, Endpoint, Error, HttpService, Origins, Socket};
use plimsoll_heartbeat::Heartbeat;
use plimsoll_http::Server;
use plimsoll_rooms::Rooms;
use plimsoll_tcp::Tcp;
use plimsoll_websocket::WebSocket;

/// The application: passes on what a member says to all others, whatever they came by.
async fn talk(rooms: Rooms, mut socket: Socket) {
    let room = socket.info().query("room").unwrap_or_default();
    if rooms.join(&room, socket.sender()).is_err() {
        return;
    }
    let _ = socket.send(format!("you are in {room}")).await;
    while let Some(Ok(message)) = socket.recv().await {
        rooms.to(&room).except(socket.info().id()).send(message);
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // A server: plugins and a handler, then the transports.
    let rooms = Rooms::new();
    let endpoint = Endpoint::builder()
        .plugin(Heartbeat::default())
        .plugin(rooms.clone())
        .handle(move |socket| talk(rooms.clone(), socket))?;
    let service = HttpService::builder(endpoint.clone())
        .at("/ws", WebSocket::new())
        .origins(Origins::same_host().or_absent()) // browsers name an origin, others do not
        .build()?;
    let http = Server::new(service).bind("127.0.0.1:0").await?;
    let tcp = Tcp::new().bind("127.0.0.1:0").await?;
    let by_websocket = format!("ws://{}/ws?room=harbour", http.local_addr());
    let by_tcp = format!("tcp://{}?room=harbour", tcp.local_addr()?);
    tokio::spawn(http.serve());
    tokio::spawn(async move { endpoint.listen(tcp).await });

    // Two clients: the URL chooses the transport.
    let dialer = Dialer::builder()
        .transport(WebSocket::connector())
        .transport(Tcp::connector())
        .plugin(Heartbeat::default())
        .build()?;
    let mut ann = dialer.connect(by_websocket).await?;
    let mut bob = dialer.connect(by_tcp).await?;
    assert_eq!(ann.recv().await.transpose()?, Some("you are in harbour".into()));
    assert_eq!(bob.recv().await.transpose()?, Some("you are in harbour".into()));
    ann.send("ahoy").await?;
    assert_eq!(bob.recv().await.transpose()?, Some("ahoy".into()));
    bob.send(vec![0, 1, 2]).await?;
    assert_eq!(ann.recv().await.transpose()?, Some(vec![0, 1, 2].into()));
    Ok(())
}
