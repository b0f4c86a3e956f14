//! Our own server.

use plimsoll_sockjs::Options;

use crate::ground::{Ground, Way};

everywhere!(Framed, Polling, Raw, Streaming, WebSocket);

async fn run(way: Way, scenario: impl AsyncFn(&mut Ground, Way)) {
    scenario(&mut Ground::own(Options::default().response_limit(4096)).await, way).await;
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn messages_come_back_over_tls() {
    use plimsoll_sockjs::ClientTls;

    use crate::ground::dialer;
    use crate::peer::ask;

    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let tls = plimsoll_http::Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let ground = Ground::serve(Options::default(), |server| server.tls(tls)).await;
    let port = ground.address.rsplit(':').next().unwrap();
    for (way, scheme) in [
        (Way::Polling, "https"),
        (Way::Raw, "wss"),
        (Way::Streaming, "https"),
        (Way::WebSocket, "https"),
    ] {
        let url = format!("sockjs+{scheme}://localhost:{port}/echo");
        let trust = ClientTls::from_pem(certificate.as_bytes()).unwrap();
        let mut socket = dialer(way.connector().tls(trust)).connect(&url).await.unwrap();
        for i in 0..100 {
            assert_eq!(ask(&mut socket, &i.to_string()).await, i.to_string());
        }
        let error = way.dialer().connect(url).await.unwrap_err();
        assert_eq!(error.kind(), plimsoll::ErrorKind::Io, "nobody vouches for the certificate");
    }
}
