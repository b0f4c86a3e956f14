//! Our own server.

use plimsoll_engineio::Options;

use crate::ground::{Ground, Way};

everywhere!(Polling, Upgrading, WebSocket);

async fn run(way: Way, scenario: impl AsyncFn(&mut Ground, Way)) {
    scenario(&mut Ground::own(Options::default()).await, way).await;
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn messages_come_back_over_tls() {
    use plimsoll::{Dialer, ErrorKind};
    use plimsoll_engineio::ClientTls;

    use crate::peer::ask;

    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let tls = plimsoll_http::Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let ground = Ground::own_tls(tls).await;
    let port = ground.address.rsplit(':').next().unwrap();
    for (way, scheme) in
        [(Way::Polling, "https"), (Way::Upgrading, "https"), (Way::WebSocket, "wss")]
    {
        let url = format!("engineio+{scheme}://localhost:{port}");
        let trust = ClientTls::from_pem(certificate.as_bytes()).unwrap();
        let trusting = Dialer::builder().transport(way.connector().tls(trust)).build().unwrap();
        let mut socket = trusting.connect(&url).await.unwrap();
        for i in 0..100 {
            assert_eq!(ask(&mut socket, &i.to_string()).await, i.to_string());
        }
        let error = way.dialer().connect(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "nobody vouches for the certificate");
    }
}
